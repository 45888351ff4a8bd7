"""A payment as its provider must know it."""

from dataclasses import replace

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.contacts import phone_of
from domain.models import Booking, ContactIdentity, Payment
from domain.money import Money
from providers.contract import Charge


def charge_of(payment: Payment, booking: Booking) -> Charge:
    """The payment, described by its booking's reference: the customer reads that at the
    provider's.
    """
    return Charge(
        reference=payment.reference,
        amount=Money(payment.amount_minor, payment.currency),
        payer_number=payment.payer_number,
        description=booking.reference,
        provider_reference=payment.provider_reference,
    )


def with_customer(db: Session, charge: Charge, payment: Payment, booking: Booking) -> Charge:
    """The charge with whom we talk about it: by their own number, else the lead traveller's."""
    address = db.execute(
        select(ContactIdentity.address)
        .where(
            and_(
                ContactIdentity.contact_id == payment.contact_id,
                ContactIdentity.address.startswith("+"),
            )
        )
        .limit(1)
    ).scalar_one_or_none()
    phone = phone_of(address) if address else booking.lead_phone
    return replace(charge, customer_name=booking.lead_name, customer_phone=phone)
