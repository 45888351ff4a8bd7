"""The evidence of money, and the ledger."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, CurrencyCode, Id, Minor


class Evidence(Base):
    """What we were told about money, by whom: an answer, a poll, a callback, a statement, a person.
    For ever.
    """

    __tablename__ = "evidence"

    id: Mapped[Id]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    account_id: Mapped[BigId | None] = mapped_column(ForeignKey("account.id"))
    provider: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(20))
    delivery_key: Mapped[str] = mapped_column(String(120))
    word: Mapped[str] = mapped_column(String(20))
    receipt: Mapped[str | None] = mapped_column(String(120))
    amount_minor: Mapped[Minor | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    body: Mapped[str] = mapped_column(Text, server_default="")
    at: Mapped[CreatedAt]

    __table_args__ = (UniqueConstraint("provider", "source", "delivery_key"),)


class Transfer(Base):
    """One movement in the ledger, balanced by construction: one amount leaves `debit` and enters
    `credit`. `takes_back_id`, of a `taken_back`, is the money from outside that it takes back.
    """

    __tablename__ = "transfer"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12))
    debit: Mapped[str] = mapped_column(String(60))
    credit: Mapped[str] = mapped_column(String(60))
    amount_minor: Mapped[Minor]
    currency: Mapped[CurrencyCode]
    booking_id: Mapped[BigId | None] = mapped_column(ForeignKey("booking.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    evidence_id: Mapped[BigId | None] = mapped_column(ForeignKey("evidence.id"))
    takes_back_id: Mapped[BigId | None] = mapped_column(ForeignKey("transfer.id"))
    provider: Mapped[str | None] = mapped_column(String(30))
    receipt: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint(
            "kind IN ('opening', 'capture', 'surplus', 'refund', 'reversal', 'outside', 'move',"
            " 'taken_back')",
            name="kind_known",
        ),
        CheckConstraint(
            "(kind = 'taken_back') = (takes_back_id IS NOT NULL)", name="takes_back_something"
        ),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        CheckConstraint(
            "kind NOT IN ('capture', 'surplus')"
            " OR (payment_id IS NOT NULL AND receipt IS NOT NULL AND evidence_id IS NOT NULL)",
            name="money_has_evidence",
        ),
        CheckConstraint(
            "kind NOT IN ('refund', 'reversal') OR (payment_id IS NOT NULL"
            " AND evidence_id IS NOT NULL AND (kind = 'refund') = (refund_id IS NOT NULL))",
            name="money_back_has_evidence",
        ),
        # A refund takes from the surplus and from the booking: a row each, and no more.
        Index(
            "uq_transfer_refund",
            "refund_id",
            "debit",
            unique=True,
            postgresql_where=text("refund_id IS NOT NULL"),
        ),
        # A receipt is split in two rows at the most: what the booking owed, and the rest.
        Index(
            "uq_transfer_receipt",
            "provider",
            "receipt",
            "kind",
            unique=True,
            postgresql_where=text("receipt IS NOT NULL AND kind <> 'reversal'"),
        ),
        # What a provider took back by itself comes from the booking and from suspense: a row each.
        Index(
            "uq_transfer_reversal",
            "provider",
            "receipt",
            "debit",
            unique=True,
            postgresql_where=text("kind = 'reversal'"),
        ),
        Index(
            "uq_transfer_one_capture",
            "payment_id",
            unique=True,
            postgresql_where=text("kind = 'capture'"),
        ),
        Index(
            "uq_transfer_one_opening",
            "booking_id",
            unique=True,
            postgresql_where=text("kind = 'opening'"),
        ),
        Index("ix_transfer_payment_id", "payment_id"),
        Index(
            "ix_transfer_takes_back_id",
            "takes_back_id",
            postgresql_where=text("takes_back_id IS NOT NULL"),
        ),
        # What entered, left and was moved, for statements: sums are read from the index alone.
        Index(
            "ix_transfer_came",
            "debit",
            "at",
            postgresql_include=["currency", "amount_minor"],
            postgresql_where=text("kind IN ('capture', 'surplus', 'outside')"),
        ),
        Index(
            "ix_transfer_went",
            "credit",
            "at",
            postgresql_include=["currency", "amount_minor"],
            postgresql_where=text("kind IN ('refund', 'reversal', 'taken_back')"),
        ),
        Index("ix_transfer_moved", "at", postgresql_where=text("kind = 'move'")),
        # Rows are only added, in the order of time: a few pages find a day.
        Index(
            "ix_transfer_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
        ),
    )
