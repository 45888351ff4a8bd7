"""The product in this process, and one customer who writes to it through the real webhook.

Real: signatures, PostgreSQL, Valkey, the conversation, the jobs (called here, one after another)
and the wire to a simulated Omari. Each conversation begins with empty tables.
"""

import io
import itertools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests
from sqlalchemy import func, select, text
from twilio.request_validator import RequestValidator

from bot.app import create_app
from bot.runtime import Runtime
from domain.contacts import contact_of
from domain.database import configure, transaction
from domain.models import Booking, Contact, Message, Payment, Turn
from domain.sealing import Sealer
from tests import factories
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, WHATSAPP_NUMBER
from tests.inputs.tables import Tables
from workers import process
from workers.payments import attend

MERCHANT_KEY = "test_merchant_key_0001"
CODE = "836066"
OWNER = f"whatsapp:+{factories.PHONE}"
ANOTHER_NUMBER = "0771234567"
_sids = itertools.count(1)

# What the customer says to get to each step, after a first "hello". A payment is attended to after
# each message, as a worker would.
WAY_TO = {
    "idle": (),
    "menu": ("menu",),
    "await_booking_ref": ("pay",),
    "surname": ("pay", "KS-2024-777"),
    "await_amount": ("pay", "KS-2024-001"),
    "await_payer_msisdn": ("pay", "KS-2024-001", "100"),
    "confirm": ("pay", "KS-2024-001", "100", ANOTHER_NUMBER),
    "await_otp": ("pay", "KS-2024-001", "100", factories.PHONE),
    "processing": ("pay", "KS-2024-001", "100", factories.PHONE, CODE),
    "completed": ("pay", "KS-2024-001", "100", factories.PHONE, CODE),
    "uncertain": ("pay", "KS-2024-001", "100", factories.PHONE, CODE),
    "cancelled": ("pay", "KS-2024-001", "100", factories.PHONE, "cancel"),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where everything is at one moment, as far as it can be looked at from outside."""

    flow: str
    step: str
    answers: Mapping[str, str]
    doubt: str | None
    scope: str
    statuses: tuple[str, ...]
    amounts: tuple[int, ...]
    numbers: tuple[str | None, ...]
    submitted: int
    wrong_codes: int
    debits: tuple[int, ...]
    paid_minor: int
    opted_out: bool
    person_wanted: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What one message came to: before it, right after it, and once the workers were done."""

    http_status: int
    message_status: str
    before: Stand
    after: Stand
    said: tuple[str, ...]
    texts: tuple[str, ...]
    told: tuple[str, ...]


class Chat:
    """One customer at a time. `begin` makes everything new."""

    def __init__(self, runtime: Runtime, omari_url: str) -> None:
        self._runtime = runtime
        self._omari_url = omari_url
        self._web = create_app(runtime).test_client()
        self._sender = OWNER
        self._log = io.StringIO()
        self._log_handler = logging.StreamHandler(self._log)
        self._tables = Tables()
        self._kept: dict[tuple[object, ...], str] = {}

    # Bringing a conversation along

    def begin(self, step: str, sender: str = OWNER, *also_booked: str) -> None:
        """Bring a new conversation to this step: one booking of 500 dollars of which 100 are paid,
        and those named too.

        What was said before the provider was asked is kept, and not said again for the next line.
        """
        configure(self._runtime.database)
        process.configure(self._runtime)
        self._runtime.redis.flushdb()
        requests.post(f"{self._omari_url}/_sim/reset", timeout=10).raise_for_status()
        self._sender = sender
        words = ("hello", *WAY_TO[step])
        local = words[: 4 if len(words) > 4 else len(words)]
        kept = (local, sender, also_booked)
        if kept in self._kept:
            self._tables.restore(self._kept[kept])
        else:
            self._open_shop(also_booked)
            self._say(local, step)
            self._kept[kept] = self._tables.keep()
        self._say(words[len(local) :], step)

    def _open_shop(self, also_booked: tuple[str, ...]) -> None:
        secret = self._runtime.settings.secret_key.get_secret_value()
        self._tables.empty()
        with transaction() as db:
            owner = factories.operator(db, "Kalai Safaris")
            on = factories.departure(db, factories.tour(db, owner), date(2026, 2, 10))
            factories.booking(db, owner, on, paid_minor=10_000)
            for reference in also_booked:
                factories.booking(db, owner, reference=reference)
            factories.account(
                db,
                owner,
                Sealer.of("account secrets", secret),
                base_url=self._omari_url,
                merchant_key=MERCHANT_KEY,
            )

    def _say(self, words: tuple[str, ...], step: str) -> None:
        for said in words:
            self.write(said)
            if self.look().step == "surname" and step != "surname":
                self.write("Moyo")
            if said == CODE and step == "processing":
                return
            if said == CODE and step == "uncertain":
                wish = {"operation": "request", "fault": "drop"}
                requests.post(f"{self._omari_url}/_sim/knobs", json=wish, timeout=10)
            self.work()

    def write(self, body: str, params: Mapping[str, str] | None = None) -> int:
        """A message as Twilio's webhook brings it, with a real signature. Returns the HTTP
        status.
        """
        form = {
            "MessageSid": f"SM{next(_sids):032x}",
            "AccountSid": ACCOUNT_SID,
            "From": self._sender,
            "To": f"whatsapp:{WHATSAPP_NUMBER}",
            "WaId": self._sender.removeprefix("whatsapp:").removeprefix("+"),
            "ProfileName": "Tendai",
            "Body": body,
            "NumMedia": "0",
            **(params or {}),
        }
        path = "/whatsapp/inbound"
        signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + path, form)
        answer = self._web.post(path, data=form, headers={"X-Twilio-Signature": signature})
        return answer.status_code

    def work(self) -> None:
        """Do what the payments need, as a worker that is rung would."""
        for _ in range(3):
            with transaction() as db:
                waiting = select(Payment.id).where(Payment.status.in_(("created", "confirming")))
                due = list(db.execute(waiting).scalars())
            if not due:
                return
            for payment_id in due:
                attend(str(payment_id))

    def send(self, body: str, params: Mapping[str, str] | None = None) -> Seen:
        """Write this, let the workers work, and look at what came of it."""
        before = self.look()
        first = self._newest_message()
        filled = {
            name: value.replace("{here}", before.scope) for name, value in (params or {}).items()
        }
        http_status = self.write(body, filled)
        said = self._replies_after(first)
        newest = self._newest_message()
        self.work()
        told = self._replies_after(newest)
        with transaction() as db:
            status = (
                db.execute(
                    select(Message.status)
                    .where(Message.direction == "in", Message.id > first)
                    .order_by(Message.id)
                )
                .scalars()
                .first()
            )
        return Seen(
            http_status=http_status,
            message_status=status or "not filed",
            before=before,
            after=self.look(),
            said=tuple(phrase for phrase, _ in said),
            texts=tuple(body for _, body in said),
            told=tuple(phrase for phrase, _ in told),
        )

    # Looking

    def look(self) -> Stand:
        """Where everything is now."""
        with transaction() as db:
            contact = db.get_one(Contact, contact_of(db, self._sender.removeprefix("whatsapp:")))
            session: dict[str, Any] = (
                db.execute(
                    select(Turn.session).where(
                        Turn.contact_id == contact.id, Turn.sequence == contact.sequence
                    )
                ).scalar_one_or_none()
                or {}
            )
            payments = list(db.execute(select(Payment).order_by(Payment.created_at)).scalars())
            paid = db.execute(
                select(Booking.paid_minor).where(Booking.reference == "KS-2024-001")
            ).scalar_one()
        book = requests.get(f"{self._omari_url}/_sim/book", timeout=10).json()
        return Stand(
            flow=session.get("flow", "menu"),
            step=session.get("step", "idle"),
            answers=session.get("answers", {}),
            doubt=session.get("doubt"),
            scope=session.get("payment") or session.get("stand", ""),
            statuses=tuple(payment.status for payment in payments),
            amounts=tuple(payment.amount_minor for payment in payments),
            numbers=tuple(payment.payer_number for payment in payments),
            submitted=sum(asked.get("request", 0) for asked in book["requests"].values()),
            wrong_codes=sum(row["wrong_codes"] for row in book["auths"]),
            debits=tuple(row["amount_minor"] for row in book["debits"]),
            paid_minor=paid,
            opted_out=contact.opted_out_at is not None,
            person_wanted=contact.person_wanted_at is not None,
        )

    def places_of(self, needle: str) -> list[str]:
        """Every text column, and the log, in which this stands."""
        with transaction() as db:
            rows = db.execute(text(self._tables.all_texts)).all()
        written = json.dumps(needle)[1:-1]
        places = [place for place, held in rows if needle in held or written in held]
        return places + (["the log"] if needle in self._log.getvalue() else [])

    def listen_to_log(self) -> None:
        """Keep what is logged from now on, formatted as it is written."""
        root = logging.getLogger()
        self._log.truncate(0)
        self._log.seek(0)
        if self._log_handler not in root.handlers:
            self._log_handler.setFormatter(root.handlers[0].formatter)
            root.addHandler(self._log_handler)

    def close(self) -> None:
        logging.getLogger().removeHandler(self._log_handler)

    def _newest_message(self) -> int:
        with transaction() as db:
            return db.execute(select(func.coalesce(func.max(Message.id), 0))).scalar_one()

    def _replies_after(self, message_id: int) -> list[tuple[str, str]]:
        with transaction() as db:
            rows = db.execute(
                select(Message.phrase, Message.body, Message.details)
                .where(Message.id > message_id, Message.direction == "out")
                .order_by(Message.id)
            ).all()
        return [
            (phrase, "\n".join([body, *(title for _, title in details.get("buttons", []))]))
            for phrase, body, details in rows
        ]
