"""The whole product as separate processes: web, workers, clock and simulators, on a database of
their own.

    with House(...) as house:
        house.start_all()
        tendai = house.customer()                 a traveller with a booking
        tendai.say("pay")                         a POST signed as Twilio signs
        tendai.hears("booking reference")         what came back at the simulated Twilio's API

One harness for journeys, kills and faults. Processes run the very lines of the Procfile.
"""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import requests
from sqlalchemy import select, text

from bot.demo_setting import provider_environment, simulated_providers
from bot.supervisor import read_procfile
from domain.audit import prove
from domain.database import Database, configure, transaction
from domain.models import Departure, Message, Operator, Payment, PaymentEvent, Transfer
from tests import factories
from tests.journey.customer import ACCOUNT_SID, AUTH_TOKEN, NUMBER, Customer
from tests.journey.waiting import eventually, free_port

ROOT = Path(__file__).resolve().parents[2]
MERCHANT_KEY = "test_merchant_key_0001"
PROCESSES = ("simulators", "web", "worker_replies", "worker_payments", "worker_sweeps", "clock")

# Numbers from which customers of a currency are counted up.
_NUMBERS = {
    "USD": 263_774_975_100,
    "ZWG": 263_774_975_500,
    "KZT": 77_015_550_100,
    "INR": 919_876_512_100,
}
# Pauses that are minutes for customers are a second or two here. The order between them stays.
SHORT = {
    "PROVIDER_CONNECT_SECONDS": "1",
    "PROVIDER_CALL_SECONDS": "2",
    "LEASE_MARGIN_SECONDS": "2",
    "NEGATIVE_WAIT_SECONDS": "1",
    "NEGATIVE_AGAIN_SECONDS": "1",
    "CHECK_PACE": "0.2",
    "NUDGE_LOST_SECONDS": "1",
    "CLAIM_SECONDS": "2",
    "REPLY_CLAIM_SECONDS": "4",
    "REPLY_UNCERTAIN_SECONDS": "2",
    "OTP_RESEND_SECONDS": "0",
    "PAYER_STARTS_PER_HOUR": "1000",
    "PAYER_STARTS_PER_DAY": "1000",
    "CONTACT_STARTS_PER_HOUR": "1000",
    "CONTACT_STARTS_PER_DAY": "1000",
}


def _key(purpose: str) -> str:
    return MERCHANT_KEY if purpose == "omari" else f"test{purpose.replace(' ', '')}0001key2"


class House:
    """One running product. `folder` keeps the logs."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.web_port, self.simulators_port = free_port(), free_port()
        self.web_url = f"http://127.0.0.1:{self.web_port}"
        self.simulators_url = f"http://127.0.0.1:{self.simulators_port}"
        self._customers = itertools.count(1)
        self.database = Database(database_url)
        configure(self.database)
        self._lines = read_procfile(ROOT / "Procfile")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            "ENVIRONMENT": "test",
            "SECRET_KEY": "a secret for tests, of a fair length",
            "PUBLIC_BASE_URL": self.web_url,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DEFAULT_OPERATOR": "Kalai Safaris",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_WHATSAPP_NUMBER": NUMBER,
            "TWILIO_API_URL": self.simulators_url,
            **provider_environment(self.simulators_url, _key),
            "PORT": str(self.web_port),
            "WEB_CONCURRENCY": "2",
            **SHORT,
        }

    def set(self, **environment: str) -> None:
        """What processes that are started from now on find in their environment."""
        self._environment |= environment

    def setting(self, name: str) -> str:
        """What processes find in their environment under this name."""
        return self._environment[name]

    def use_database(self) -> None:
        """Make this product's database the current one of the test's process."""
        configure(self.database)

    # Processes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        self.database.engine.dispose()

    def start_all(self, *but: str) -> None:
        """Release, then every process but those named, until the web answers."""
        self.run("release")
        for name in PROCESSES:
            if name not in but:
                self.start(name)
        self.wait_ready()

    def run(self, name: str) -> None:
        """Run a line of the Procfile to its end."""
        subprocess.run(
            self._command(name), env=self._env({}), cwd=ROOT, check=True, capture_output=True
        )

    def flask(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of ours, as staff do, to its end."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        return subprocess.run(
            command, env=self._env({}), cwd=ROOT, check=False, capture_output=True, text=True
        )

    def start(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a process; its output goes to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                self._command(name),
                env=self._env(environment or {}),
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    def _command(self, name: str) -> list[str]:
        if name == "simulators":
            file = self.folder / "simulators.json"
            file.write_text(json.dumps(self._simulator_settings()))
            inner = [sys.executable, "-m", "providers.simulators", "--settings", str(file)]
        else:
            inner = ["sh", "-c", f"exec {self._lines[name.removesuffix('_2')]}"]
        # The lifeline ends what a killed test run leaves behind.
        return [sys.executable, "-m", "bot.lifeline", "--signal", "KILL", *inner]

    def _simulator_settings(self) -> dict[str, object]:
        return {
            "port": self.simulators_port,
            "webhook_url": f"{self.web_url}/whatsapp/inbound#rc=2&rp=5xx,ct,rt&rt=4000",
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "whatsapp_number": NUMBER,
            "merchant_name": "KALAI SAFARIS",
            **simulated_providers(self.web_url, _key),
        }

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        programs = str(Path(sys.executable).parent)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": os.environ.get("HOME", "/"), **self._environment, **more}

    def wait_ready(self) -> None:
        for what, url in (
            ("the simulators answer", f"{self.simulators_url}/demo"),
            ("the web is ready", f"{self.web_url}/readyz"),
        ):
            eventually(what, lambda url=url: self._answers(url), 60)  # type: ignore[misc]

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False

    def stop(self, name: str, by: signal.Signals = signal.SIGTERM) -> int:
        """Send one signal and wait for the end. Returns the exit code."""
        process = self._running.pop(name)
        process.send_signal(by)
        return process.wait(timeout=20)

    def send(self, name: str, by: signal.Signals) -> None:
        """Send one signal and wait for nothing."""
        self._running[name].send_signal(by)

    def kill(self, name: str) -> None:
        """End a process and its children at once, as the end of a machine does."""
        process = self._running[name]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)

    def running(self) -> list[str]:
        """The names of the processes that were started and not stopped."""
        return list(self._running)

    def revive(self) -> list[str]:
        """Start again what has ended by itself, as a platform does; returns the names of those."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        for name in ended:
            self.start(name)
        return ended

    def wait_for_death(self, name: str, seconds: float = 20) -> int:
        """Wait until a process ends by itself. Returns its exit code."""
        return self._running.pop(name).wait(timeout=seconds)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def logs(self) -> str:
        """Everything that any process wrote."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    # What the outside world and the books say

    def knob(self, **wish: object) -> None:
        """Turn one of the simulated Omari's knobs."""
        requests.post(
            f"{self.simulators_url}/omari/_sim/knobs", json=wish, timeout=10
        ).raise_for_status()

    def book(self, provider: str) -> dict[str, Any]:
        """What a simulated provider says that it was asked, took and gave back."""
        url = f"{self.simulators_url}/{provider}/_sim/book"
        found: dict[str, Any] = requests.get(url, timeout=10).json()
        return found

    def act(self, provider: str, payment: Payment, answer: str, **more: object) -> None:
        """What a payment's customer does at the provider: pay, decline, expire."""
        url = f"{self.simulators_url}/{provider}/_sim/pay/{payment.provider_reference}"
        requests.post(url, json={"answer": answer, **more}, timeout=10).raise_for_status()

    def turn(self, provider: str, **wish: object) -> None:
        """Turn one of a simulated provider's knobs."""
        url = f"{self.simulators_url}/{provider}/_sim/knobs"
        requests.post(url, json=wish, timeout=10).raise_for_status()

    def end_omari_session(self, customer: Customer) -> None:
        """Let Omari's own session for this customer's payments run out now."""
        url = f"{self.simulators_url}/omari/_sim/end/{customer.phone}"
        requests.post(url, timeout=10).raise_for_status()

    def omari_book(self) -> dict[str, Any]:
        book: dict[str, Any] = requests.get(
            f"{self.simulators_url}/omari/_sim/book", timeout=10
        ).json()
        return book

    def customer(self, *, total_minor: int = 50_000, currency: str = "USD") -> Customer:
        """Another traveller with a booking of their own on the same departure, and a number of the
        country whose money it is.
        """
        number = next(self._customers)
        phone, reference = str(_NUMBERS[currency] + number), f"KS-2024-{number:03d}"
        with transaction() as db:
            owner = db.execute(
                select(Operator).where(Operator.name == "Kalai Safaris")
            ).scalar_one()
            on = db.scalars(select(Departure).order_by(Departure.id)).first()
            on = on or factories.departure(db, factories.tour(db, owner))
            factories.booking(
                db,
                owner,
                on,
                reference=reference,
                phone=phone,
                total_minor=total_minor,
                currency=currency,
            )
        return Customer(self.web_url, self.simulators_url, phone, reference)

    def story(self) -> list[str]:
        """Each line of every payment's story, for a failing test to show."""
        with transaction() as db:
            return [
                f"{event.kind} {event.from_status}>{event.to_status} told={event.told} {event.code}"
                for event in db.execute(select(PaymentEvent).order_by(PaymentEvent.id)).scalars()
            ]

    def all_is_quiet(self) -> bool:
        """Nothing is unheard, unsent or in a worker's hands."""
        with transaction() as db:
            return bool(
                db.execute(
                    text(
                        "SELECT NOT EXISTS (SELECT FROM message WHERE"
                        " (direction = 'in' AND heard_at IS NULL)"
                        " OR status IN ('due', 'sending', 'uncertain'))"
                        " AND NOT EXISTS (SELECT FROM payment_event"
                        " WHERE told IS NOT NULL AND heard_at IS NULL)"
                    )
                ).scalar_one()
            )

    def assert_told_the_truth_once(self) -> None:
        """The books agree, the provider's book says the same, and nothing was told twice."""
        eventually("everything is heard and sent", self.all_is_quiet)
        with transaction() as db:
            assert prove(db) == []
            came_in = Transfer.kind.in_(("capture", "surplus"))
            receipts = set(db.execute(select(Transfer.receipt).where(came_in)).scalars())
            told = db.execute(
                select(Message.payment_id, Message.told).where(
                    Message.told.is_not(None), Message.sid.is_not(None)
                )
            ).all()
        assert len(told) == len(set(told)), "no message of one kind is sent twice"
        taken = {debit["payment_reference"] for debit in self.omari_book()["debits"]}
        for provider in ("kaspi", "phonepe", "cashfree"):
            taken |= {debit["receipt"] for debit in self.book(provider)["debits"]}
        assert taken == receipts, "the providers' books say what ours says"
