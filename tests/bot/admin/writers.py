"""People who write, for tests of conversations: what they have booked, and whom a list shows."""

import re
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import func

from domain.database import transaction
from domain.models import BookingContact, Contact, Message, Operator
from domain.sealing import Sealer
from tests import factories
from tests.bot.admin.conftest import House
from tests.domain import world as w

PATH = "/admin/conversations"


@dataclass
class People:
    """Contacts by name, each with one message; none has a booking before `books`."""

    house: House
    secret: str

    def writes(self, name: str, phone: str) -> int:
        with transaction() as db:
            contact = factories.contact(db, f"+{phone}")
            contact.profile_name = name
            contact.last_inbound_at = func.clock_timestamp()
            contact_id = contact.id
        self.again(contact_id, f"{name} writes")
        return contact_id

    def again(self, contact_id: int, body: str) -> None:
        with transaction() as db:
            db.add(Message(direction="in", contact_id=contact_id, status="heard", body=body))

    def books(self, operator_id: int, reference: str, phone: str | None, name: str = "X") -> int:
        with transaction() as db:
            owner = db.get_one(Operator, operator_id)
            return factories.booking(db, owner, reference=reference, phone=phone, name=name).id

    def pays(self, contact_id: int, booking_id: int, operator_id: int) -> None:
        with transaction() as db:
            owner = db.get_one(Operator, operator_id)
            account = factories.account(db, owner, Sealer.of("account secrets", self.secret))
            world = w.World(operator_id, booking_id, contact_id, account.id)
        w.open_payment(world, world.request(10_000, payer="263771234567"))

    def proves(self, contact_id: int, booking_id: int) -> None:
        with transaction() as db:
            db.add(BookingContact(booking_id=booking_id, contact_id=contact_id))

    def change(self, contact_id: int, **values: object) -> None:
        with transaction() as db:
            contact = db.get_one(Contact, contact_id)
            for name, value in values.items():
                setattr(contact, name, value)


def names(client: FlaskClient, query: str = "") -> list[str]:
    """Whom a list shows, in its order."""
    answer = client.get(f"{PATH}{query}")
    assert answer.status_code == 200
    return re.findall(r'<span class="fw-bold">(\w+)', answer.text)
