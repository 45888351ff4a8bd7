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
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import requests
from sqlalchemy import select, text
from twilio.request_validator import RequestValidator

from bot.supervisor import read_procfile
from domain.audit import prove
from domain.database import Database, configure, transaction
from domain.models import Departure, Message, Operator, Payment, PaymentEvent, Transfer
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "test_auth_token_0001"
MERCHANT_KEY = "test_merchant_key_0001"
NUMBER = "+14155238886"
PROCESSES = ("simulators", "web", "worker_replies", "worker_payments", "worker_sweeps", "clock")

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, look: Callable[[], Any], seconds: float = 20) -> Any:
    """What `look` answers once it is true. Fails, naming `what`, when it never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


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
            "OMARI_API_BASE_URL": f"{self.simulators_url}/omari",
            "OMARI_MERCHANT_KEY": MERCHANT_KEY,
            "PORT": str(self.web_port),
            "WEB_CONCURRENCY": "2",
            **SHORT,
        }

    def set(self, **environment: str) -> None:
        """What processes that are started from now on find in their environment."""
        self._environment |= environment

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
            "merchant_key": MERCHANT_KEY,
            "merchant_name": "KALAI SAFARIS",
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

    def end_omari_session(self, customer: "Customer") -> None:
        """Let Omari's own session for this customer's payments run out now."""
        url = f"{self.simulators_url}/omari/_sim/end/{customer.phone}"
        requests.post(url, timeout=10).raise_for_status()

    def omari_book(self) -> dict[str, Any]:
        book: dict[str, Any] = requests.get(
            f"{self.simulators_url}/omari/_sim/book", timeout=10
        ).json()
        return book

    def customer(self, *, total_minor: int = 50_000) -> "Customer":
        """Another traveller with a booking of their own on the same departure."""
        number = next(self._customers)
        phone, reference = str(263_774_975_100 + number), f"KS-2024-{number:03d}"
        with transaction() as db:
            owner = db.execute(
                select(Operator).where(Operator.name == "Kalai Safaris")
            ).scalar_one()
            on = db.execute(select(Departure)).scalar_one_or_none()
            on = on or factories.departure(db, factories.tour(db, owner))
            factories.booking(
                db, owner, on, reference=reference, phone=phone, total_minor=total_minor
            )
        return Customer(self, phone, reference)

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
            receipts = set(db.execute(select(Transfer.receipt)).scalars())
            told = db.execute(
                select(Message.payment_id, Message.told).where(
                    Message.told.is_not(None), Message.sid.is_not(None)
                )
            ).all()
        assert len(told) == len(set(told)), "no message of one kind is sent twice"
        taken = {debit["payment_reference"] for debit in self.omari_book()["debits"]}
        assert taken == receipts, "the provider's book says what ours says"


@dataclass(frozen=True, slots=True)
class Customer:
    """A traveller with a phone, and a booking of their own."""

    house: House
    phone: str
    reference: str

    def post(
        self, body: str, *, sid: str | None = None, token: str = AUTH_TOKEN, **more: str
    ) -> int:
        """A message as Twilio's webhook brings it, signed by its own RequestValidator with `token`.
        Returns the HTTP status.
        """
        url = f"{self.house.web_url}/whatsapp/inbound"
        form = {
            "MessageSid": sid or f"SM{token_hex(16)}",
            "AccountSid": ACCOUNT_SID,
            "From": f"whatsapp:+{self.phone}",
            "To": f"whatsapp:{NUMBER}",
            "WaId": self.phone,
            "ProfileName": "Tendai",
            "Body": body,
            "NumMedia": "0",
            **more,
        }
        signature = RequestValidator(token).compute_signature(url, form)
        return requests.post(
            url, data=form, headers={"X-Twilio-Signature": signature}, timeout=15
        ).status_code

    def say(self, body: str) -> None:
        """Write on the simulated WhatsApp, which calls our webhook as Twilio does."""
        answer = requests.post(
            f"{self.house.simulators_url}/_sim/twilio/inbound",
            json={"from": f"+{self.phone}", "body": body, "profile_name": "Tendai"},
            timeout=30,
        )
        answer.raise_for_status()

    def replies(self) -> list[str]:
        """The texts that the simulated Twilio was handed for this customer, in order."""
        answer = requests.get(
            f"{self.house.simulators_url}/_sim/twilio/messages",
            params={"to": f"+{self.phone}"},
            timeout=10,
        )
        return [message["body"] for message in answer.json()["messages"]]

    def hears(self, part: str, *, seconds: float = 20) -> str:
        """Wait until a reply contains this text; returns the newest one that does."""

        def look() -> str | None:
            return next((each for each in reversed(self.replies()) if part in each), None)

        try:
            found: str = eventually(f"a reply with {part!r}", look, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; replies: {self.replies()}") from None
        return found

    def code(self) -> str:
        """The code in the newest SMS that the simulated Omari sent to this number."""

        def look() -> str | None:
            url = f"{self.house.simulators_url}/omari/_sim/sms/{self.phone}"
            inbox = requests.get(url, timeout=10).json()
            return str(inbox[-1]["otp"]) if inbox else None

        return str(eventually("an SMS with a code", look))

    def payments(self) -> list[Payment]:
        """This customer's payments, oldest first."""
        with transaction() as db:
            return list(
                db.execute(
                    select(Payment)
                    .where(Payment.payer_number == self.phone)
                    .order_by(Payment.created_at)
                ).scalars()
            )

    def receipts(self) -> list[str]:
        """The receipts that the ledger has for this customer."""
        with transaction() as db:
            return list(
                db.execute(
                    select(Transfer.receipt)
                    .join(Payment, Payment.id == Transfer.payment_id)
                    .where(Payment.payer_number == self.phone)
                ).scalars()
            )

    def pay_until_code(self, amount: str = "100") -> None:
        """Walk up to the moment when the code is asked for."""
        self.say("pay")
        self.hears("booking reference")
        self.say(self.reference)
        self.hears("How much")
        self.say(amount)
        self.hears("Which Omari number")
        self.say("this number")
        self.hears("Asking Omari")
