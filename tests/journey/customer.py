"""A traveller who writes to the product and reads what it answers."""

from dataclasses import dataclass
from secrets import token_hex

import requests
from sqlalchemy import ColumnElement, select
from twilio.request_validator import RequestValidator

from domain.database import transaction
from domain.models import ContactIdentity, Payment, Transfer
from tests.journey.waiting import eventually

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "test_auth_token_0001"
NUMBER = "+14155238886"


@dataclass(frozen=True, slots=True)
class Customer:
    """A traveller with a phone, and a booking of their own. Products are known by their
    addresses.
    """

    web_url: str
    simulators_url: str
    phone: str
    reference: str

    def post(
        self, body: str, *, sid: str | None = None, token: str = AUTH_TOKEN, **more: str
    ) -> int:
        """A message as Twilio's webhook brings it, signed by its own RequestValidator with `token`.
        Returns the HTTP status.
        """
        url = f"{self.web_url}/whatsapp/inbound"
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
            f"{self.simulators_url}/_sim/twilio/inbound",
            json={"from": f"+{self.phone}", "body": body, "profile_name": "Tendai"},
            timeout=30,
        )
        answer.raise_for_status()

    def replies(self) -> list[str]:
        """The texts that the simulated Twilio was handed for this customer, in order."""
        answer = requests.get(
            f"{self.simulators_url}/_sim/twilio/messages",
            params={"to": f"+{self.phone}"},
            timeout=10,
        )
        return [message["body"] for message in answer.json()["messages"]]

    def link(self) -> str:
        """The address behind the newest button that opens one."""

        def look() -> str | None:
            url = f"{self.simulators_url}/_sim/twilio/messages"
            found = requests.get(url, params={"to": f"+{self.phone}"}, timeout=10).json()
            buttons = (
                each for message in found["messages"] for each in message["shown"]["buttons"]
            )
            urls = [button["url"] for button in buttons if button["url"]]
            return urls[-1] if urls else None

        return str(eventually("a button that opens an address", look))

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
            url = f"{self.simulators_url}/omari/_sim/sms/{self.phone}"
            inbox = requests.get(url, timeout=10).json()
            return str(inbox[-1]["otp"]) if inbox else None

        return str(eventually("an SMS with a code", look))

    def payments(self) -> list[Payment]:
        """This customer's payments, oldest first."""
        with transaction() as db:
            return list(
                db.execute(
                    select(Payment).where(self._is_mine()).order_by(Payment.created_at)
                ).scalars()
            )

    def _is_mine(self) -> ColumnElement[bool]:
        """Payments of this customer's contact, whatever number is charged."""
        mine = select(ContactIdentity.contact_id).where(ContactIdentity.address == f"+{self.phone}")
        return Payment.contact_id.in_(mine)

    def receipts(self) -> list[str]:
        """The receipts that the ledger has for this customer."""
        with transaction() as db:
            return list(
                db.execute(
                    select(Transfer.receipt)
                    .join(Payment, Payment.id == Transfer.payment_id)
                    .where(self._is_mine())
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
