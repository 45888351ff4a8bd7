"""The whole product as separate processes: web, workers, clock and simulators, on a database of their own.

    with House(...) as house:
        house.start_all()
        house.say("pay")                          a POST signed by Twilio's own RequestValidator
        house.hears("booking reference")          what came back at the simulated Twilio's API

One harness for journeys, kills and faults. Processes run the very lines of the Procfile.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import requests
from sqlalchemy import select, text
from twilio.request_validator import RequestValidator

from bot.supervisor import read_procfile
from domain.audit import prove
from domain.database import Database, configure, transaction
from domain.models import Message, Payment, PaymentEvent
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "test_auth_token_0001"
MERCHANT_KEY = "test_merchant_key_0001"
NUMBER = "+14155238886"
CUSTOMER = f"+{factories.PHONE}"
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
            "omari_session_seconds": 20,
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
        eventually("the simulators answer", lambda: self._answers(f"{self.simulators_url}/demo"))
        eventually("the web is ready", lambda: self._answers(f"{self.web_url}/readyz"))

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

    def wait_for_death(self, name: str, seconds: float = 20) -> int:
        """Wait until a process ends by itself. Returns its exit code."""
        return self._running.pop(name).wait(timeout=seconds)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def logs(self) -> str:
        """Everything that any process wrote."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    # The customer's side

    def post(self, body: str, *, sender: str = CUSTOMER, sid: str | None = None, **more: str) -> int:
        """A message as Twilio's webhook brings it, signed by its own RequestValidator. Returns the HTTP status."""
        url = f"{self.web_url}/whatsapp/inbound"
        form = {
            "MessageSid": sid or f"SM{token_hex(16)}",
            "AccountSid": ACCOUNT_SID,
            "From": f"whatsapp:{sender}",
            "To": f"whatsapp:{NUMBER}",
            "WaId": sender.lstrip("+"),
            "ProfileName": "Tendai",
            "Body": body,
            "NumMedia": "0",
            **more,
        }
        signature = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
        return requests.post(
            url, data=form, headers={"X-Twilio-Signature": signature}, timeout=15
        ).status_code

    def say(self, body: str, *, sender: str = CUSTOMER) -> None:
        """A customer writes on the simulated WhatsApp, which calls our webhook as Twilio does."""
        answer = requests.post(
            f"{self.simulators_url}/_sim/twilio/inbound",
            json={"from": sender, "body": body, "profile_name": "Tendai"},
            timeout=30,
        )
        answer.raise_for_status()

    def replies(self, sender: str = CUSTOMER) -> list[str]:
        """The texts that the simulated Twilio was handed for a customer, in order."""
        answer = requests.get(
            f"{self.simulators_url}/_sim/twilio/messages", params={"to": sender}, timeout=10
        )
        return [message["body"] for message in answer.json()["messages"]]

    def hears(self, part: str, *, sender: str = CUSTOMER, seconds: float = 20) -> str:
        """Wait until the newest replies contain this text; returns the whole reply."""

        def look() -> str | None:
            return next((each for each in reversed(self.replies(sender)) if part in each), None)

        try:
            found: str = eventually(f"a reply with {part!r}", look, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; replies: {self.replies(sender)}") from None
        return found

    def code(self, number: str = factories.PHONE) -> str:
        """The code in the newest SMS that the simulated Omari sent to a number."""

        def look() -> str | None:
            url = f"{self.simulators_url}/omari/_sim/sms/{number}"
            inbox = requests.get(url, timeout=10).json()
            messages = inbox if isinstance(inbox, list) else inbox["messages"]
            return str(messages[-1]["otp"]) if messages else None

        return str(eventually("an SMS with a code", look))

    # What the outside world and the books say

    def knob(self, **wish: object) -> None:
        """Turn one of the simulated Omari's knobs."""
        requests.post(
            f"{self.simulators_url}/omari/_sim/knobs", json=wish, timeout=10
        ).raise_for_status()

    def omari_book(self) -> dict[str, Any]:
        book: dict[str, Any] = requests.get(
            f"{self.simulators_url}/omari/_sim/book", timeout=10
        ).json()
        return book

    def sample(self, *, total_minor: int = 50_000) -> None:
        """Tendai Moyo's booking KS-2024-001 with Kalai Safaris."""
        with transaction() as db:
            owner = db.execute(
                select(factories.Operator).where(factories.Operator.name == "Kalai Safaris")
            ).scalar_one()
            on = factories.departure(db, factories.tour(db, owner))
            factories.booking(db, owner, on, total_minor=total_minor)

    def payments(self) -> list[Payment]:
        with transaction() as db:
            return list(db.execute(select(Payment).order_by(Payment.created_at)).scalars())

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
                        "SELECT NOT EXISTS (SELECT FROM message WHERE (direction = 'in' AND heard_at IS NULL)"
                        " OR status IN ('due', 'sending', 'uncertain'))"
                        " AND NOT EXISTS (SELECT FROM payment_event WHERE told IS NOT NULL AND heard_at IS NULL)"
                    )
                ).scalar_one()
            )

    def assert_told_the_truth_once(self) -> None:
        """The books agree, the provider's book says the same, and nothing was told twice."""
        eventually("everything is heard and sent", self.all_is_quiet)
        with transaction() as db:
            assert prove(db) == []
            told = db.execute(
                select(Message.payment_id, Message.told).where(
                    Message.told.is_not(None), Message.sid.is_not(None)
                )
            ).all()
        assert len(told) == len(set(told)), "no message of one kind is sent twice"
