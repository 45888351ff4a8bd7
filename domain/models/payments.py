"""Attempts to pay, and their story."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, CurrencyCode, Id, Minor, Moment

# While a payment stands in one of these, its contact and its payer's number can have no other (one
# code, one payment). A payment whose cancelling was asked for no longer counts: its code will never
# be handed over.
_ONE_AT_A_TIME = text(
    "status IN ('created', 'starting', 'awaiting_otp', 'confirming')"
    " AND cancel_requested_at IS NULL"
)


class Payment(Base):
    """One attempt to pay, with one provider. Its id is the reference that the provider gets.

    What was asked (booking, account, amount, currency, payer number) never changes: a trigger sees
    to it. `next_check_at` is when somebody must look at the row again; None: nobody needs to.
    """

    __tablename__ = "payment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    booking_id: Mapped[BigId]
    contact_id: Mapped[BigId] = mapped_column(ForeignKey("contact.id"))
    account_id: Mapped[BigId] = mapped_column(ForeignKey("account.id"))
    provider: Mapped[str] = mapped_column(String(30))
    reference: Mapped[str] = mapped_column(String(64))
    amount_minor: Mapped[Minor]
    currency: Mapped[CurrencyCode]
    payer_number: Mapped[str | None] = mapped_column(String(20))
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))

    status: Mapped[str] = mapped_column(String(20), server_default="created")
    version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    provider_reference: Mapped[str | None] = mapped_column(String(120))
    # Behind what the customer pays: see providers.contract.OpenLink.
    link_url: Mapped[str | None] = mapped_column(Text)
    link_qr: Mapped[str | None] = mapped_column(Text)
    link_launcher: Mapped[str | None] = mapped_column(String(300))
    # The provider's own id of the money, once there is any.
    receipt: Mapped[str | None] = mapped_column(String(120))
    otp_reference: Mapped[str | None] = mapped_column(String(40))
    debit_reference: Mapped[str | None] = mapped_column(String(120))
    otp_try: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    otp_tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    failure: Mapped[str | None] = mapped_column(String(60))
    review: Mapped[str | None] = mapped_column(String(60))

    started_at: Mapped[Moment | None]
    confirm_begun_at: Mapped[Moment | None]
    cancel_requested_at: Mapped[Moment | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(30))
    lease_until: Mapped[Moment | None]
    hold_until: Mapped[Moment]
    deadline_at: Mapped[Moment | None]
    next_check_at: Mapped[Moment | None]
    checks: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    negative_since: Mapped[Moment | None]
    # When the provider last told us something unasked: an answer that is older says nothing of it.
    noticed_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        ForeignKeyConstraint(["status"], ["payment_status.name"], name="fk_payment_status"),
        # A payment is in its booking's currency: 200 ZWG never pay USD 200.
        ForeignKeyConstraint(
            ["booking_id", "currency"],
            ["booking.id", "booking.currency"],
            name="fk_payment_booking_currency",
        ),
        UniqueConstraint("provider", "reference"),
        UniqueConstraint("provider", "provider_reference"),
        Index(
            "uq_payment_contact_open", "contact_id", unique=True, postgresql_where=_ONE_AT_A_TIME
        ),
        Index(
            "uq_payment_payer_open", "payer_number", unique=True, postgresql_where=_ONE_AT_A_TIME
        ),
        Index(
            "ix_payment_due", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")
        ),
        Index("ix_payment_booking_id", "booking_id"),
        Index("ix_payment_contact_id_created_at", "contact_id", "created_at"),
        Index("ix_payment_payer_number_created_at", "payer_number", "created_at"),
        # The list of the web view, newest first: of everything, and of an account in a status. A
        # list over several of these is merged from their newest.
        Index("ix_payment_created_at_id", "created_at", "id"),
        Index(
            "ix_payment_list",
            "account_id",
            "status",
            "created_at",
            "id",
            postgresql_include=["amount_minor"],
        ),
        Index(
            "ix_payment_otp_reference",
            "otp_reference",
            postgresql_where=text("otp_reference IS NOT NULL"),
        ),
        Index(
            "ix_payment_debit_reference",
            "debit_reference",
            postgresql_where=text("debit_reference IS NOT NULL"),
        ),
        Index(
            "ix_payment_review",
            "created_at",
            postgresql_where=text("review IS NOT NULL OR status = 'uncertain'"),
        ),
    )


class PaymentStatusName(Base):
    """The statuses there are."""

    __tablename__ = "payment_status"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)


class PaymentEdge(Base):
    """The moves that a payment may make; every recorded move refers to one, and a trigger refuses
    any other.
    """

    __tablename__ = "payment_edge"

    from_status: Mapped[str] = mapped_column(String(20), primary_key=True)
    to_status: Mapped[str] = mapped_column(String(20), primary_key=True)


class PaymentEvent(Base):
    """One line of a payment's story: a move, a call to the provider, something to be told. Append-
    only.

    `told` names what the customer is to hear; such a row is heard by the contact's conversation
    once.
    """

    __tablename__ = "payment_event"

    id: Mapped[Id]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    contact_id: Mapped[BigId]
    version: Mapped[int]
    at: Mapped[CreatedAt]
    kind: Mapped[str] = mapped_column(String(30))
    from_status: Mapped[str | None] = mapped_column(String(20))
    to_status: Mapped[str | None] = mapped_column(String(20))
    told: Mapped[str | None] = mapped_column(String(40))
    operation: Mapped[str | None] = mapped_column(String(30))
    http_status: Mapped[int | None] = mapped_column(SmallInteger)
    milliseconds: Mapped[int | None]
    code: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(Text)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    heard_at: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))

    __table_args__ = (
        UniqueConstraint("payment_id", "version"),
        ForeignKeyConstraint(
            ["from_status", "to_status"],
            ["payment_edge.from_status", "payment_edge.to_status"],
            name="fk_payment_event_edge",
        ),
        Index(
            "ix_payment_event_unheard",
            "contact_id",
            "id",
            postgresql_where=text("told IS NOT NULL AND heard_at IS NULL"),
        ),
        Index(
            "ix_payment_event_unheard_since",
            "at",
            postgresql_where=text("told IS NOT NULL AND heard_at IS NULL"),
        ),
    )
