"""What is sold, by whom, and to whom: operators, tours, departures, bookings, and the accounts that
take the money.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, CurrencyCode, Id, Minor, Moment

# `lpad` would cut a number of four digits, so it serves short ones only; the date is built from
# numbers because to_char is not immutable.
_SHARED_REFERENCE = """
'BK-T' || CASE WHEN tour_id < 1000 THEN lpad(tour_id::text, 3, '0') ELSE tour_id::text END || '-' ||
lpad((extract(year FROM start_date) * 10000 + extract(month FROM start_date) * 100
      + extract(day FROM start_date))::int::text, 8, '0')
"""


class Operator(Base):
    """A company that sells tours. `contact` is how its customers reach it, shown on receipts."""

    __tablename__ = "operator"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    contact: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]


class Tour(Base):
    """A tour. Its id is the tour number that stands in shared references: ours, unique over all
    operators.
    """

    __tablename__ = "tour"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    operator_id: Mapped[BigId] = mapped_column(ForeignKey("operator.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("id > 0", name="number_positive"),)


class Departure(Base):
    """A tour on a date. The shared reference follows both, so a moved date moves it."""

    __tablename__ = "departure"

    id: Mapped[Id]
    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"))
    start_date: Mapped[date] = mapped_column(Date)
    shared_reference: Mapped[str] = mapped_column(
        String(40), Computed(_SHARED_REFERENCE, persisted=True), unique=True
    )
    cancelled_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("tour_id", "start_date"),
        Index("ix_departure_start_date_id", "start_date", "id"),
    )


class Booking(Base):
    """A customer's place on a tour. `paid_minor` is what the ledger says; a trigger compares them
    at every commit.

    `lead_phone` is international digits without plus. `joined_at` is the moment of the first
    payment.
    """

    __tablename__ = "booking"

    id: Mapped[Id]
    reference: Mapped[str] = mapped_column(String(40))
    reference_key: Mapped[str] = mapped_column(String(40), unique=True)
    operator_id: Mapped[BigId] = mapped_column(ForeignKey("operator.id"))
    departure_id: Mapped[BigId | None] = mapped_column(ForeignKey("departure.id"), index=True)
    lead_name: Mapped[str] = mapped_column(String(200))
    lead_phone: Mapped[str | None] = mapped_column(String(20), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    currency: Mapped[CurrencyCode]
    total_minor: Mapped[Minor]
    paid_minor: Mapped[Minor] = mapped_column(server_default=text("0"))
    deposit_minor: Mapped[Minor | None]
    balance_due_on: Mapped[date | None]
    payment_status: Mapped[str] = mapped_column(String(20), server_default="PENDING")
    joined_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("paid_minor >= 0", name="paid_not_negative"),
        CheckConstraint("total_minor > 0", name="total_positive"),
        CheckConstraint(
            "deposit_minor > 0 AND deposit_minor <= total_minor", name="deposit_within"
        ),
        CheckConstraint(
            "payment_status = CASE WHEN paid_minor = 0 THEN 'PENDING'"
            " WHEN paid_minor < total_minor THEN 'DEPOSIT_PAID' ELSE 'PAID' END",
            name="payment_status_is_what_paid_says",
        ),
        UniqueConstraint("id", "currency"),
        Index("ix_booking_operator_id_id", "operator_id", "id"),
        # Found by how any word of the name begins. No index holds what a payment changes.
        Index(
            "ix_booking_lead_name_words",
            text("to_tsvector('simple'::regconfig, lead_name::text)"),
            postgresql_using="gin",
        ),
        Index("ix_booking_cancelled", "id", postgresql_where=text("cancelled_at IS NOT NULL")),
    )


class Account(Base):
    """One operator's merchant account with one provider in one currency. Secrets are sealed, never
    in the clear.
    """

    __tablename__ = "account"

    id: Mapped[Id]
    operator_id: Mapped[BigId] = mapped_column(ForeignKey("operator.id"))
    provider: Mapped[str] = mapped_column(String(30))
    currency: Mapped[CurrencyCode]
    name: Mapped[str] = mapped_column(String(120))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    secrets_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_default: Mapped[bool] = mapped_column(server_default=text("true"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index(
            "uq_account_default",
            "operator_id",
            "provider",
            "currency",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )


class TourAccount(Base):
    """The account that takes one tour's money with a provider, in the place of its operator's
    default.
    """

    __tablename__ = "tour_account"

    tour_id: Mapped[int] = mapped_column(ForeignKey("tour.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(30), primary_key=True)
    currency: Mapped[CurrencyCode] = mapped_column(primary_key=True)
    account_id: Mapped[BigId] = mapped_column(ForeignKey("account.id"))


class Switch(Base):
    """What may take new payments now: everything (`all`), one operator (`operator:3`), one provider
    (`provider:kaspi`). No row, or no `paused_at`: it may.

    `failures` counts calls in a row that a provider did not answer; `paused_by` is who paused it, a
    person's e-mail address, `cli`, or `itself` for a provider that paused itself, which is probed
    at `probe_at`. `words` is what customers are told beside, in their own language as it stands.
    """

    __tablename__ = "switch"

    scope: Mapped[str] = mapped_column(String(60), primary_key=True)
    paused_at: Mapped[Moment | None]
    paused_by: Mapped[str | None] = mapped_column(String(254))
    words: Mapped[str | None] = mapped_column(String(300))
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    probe_at: Mapped[Moment | None]
    changed_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint(
            "scope = 'all' OR scope LIKE 'operator:%' OR scope LIKE 'provider:%'",
            name="scope_known",
        ),
        CheckConstraint("(paused_at IS NULL) = (paused_by IS NULL)", name="paused_by_somebody"),
    )
