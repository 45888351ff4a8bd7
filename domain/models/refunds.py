"""Money on its way back to customers."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, Minor, Moment


class Refund(Base):
    """Money on its way back. Asked for, approved, sent once, followed until it is final.

    `way` is `provider`, or `outside` where staff gave it back by themselves and say so with
    evidence. Its id is the reference that the provider gets. `receipt` is the provider's id of the
    money that it is of, chosen when it is sent.
    """

    __tablename__ = "refund"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[Minor]
    way: Mapped[str] = mapped_column(String(10), server_default="provider")
    status: Mapped[str] = mapped_column(String(20), server_default="requested")
    reason: Mapped[str] = mapped_column(String(300))
    requested_by: Mapped[BigId] = mapped_column(ForeignKey("staff.id"))
    approved_by: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[Moment | None]
    receipt: Mapped[str | None] = mapped_column(String(120))
    provider_reference: Mapped[str | None] = mapped_column(String(120))
    failure: Mapped[str | None] = mapped_column(String(60))
    review: Mapped[str | None] = mapped_column(String(60))
    sent_at: Mapped[Moment | None]
    lease_until: Mapped[Moment | None]
    next_check_at: Mapped[Moment | None]
    negative_since: Mapped[Moment | None]
    checks: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Moment | None]

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("way IN ('provider', 'outside')", name="way_known"),
        CheckConstraint(
            "status IN ('requested', 'approved', 'sending', 'pending', 'uncertain',"
            " 'succeeded', 'failed')",
            name="status_known",
        ),
        CheckConstraint("approved_by <> requested_by", name="two_people"),
        # A provider that only says how much is left can be asked about one at a time.
        Index(
            "uq_refund_one_call",
            "payment_id",
            unique=True,
            postgresql_where=text("status IN ('sending', 'uncertain')"),
        ),
        Index("ix_refund_due", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
        Index(
            "ix_refund_waiting",
            "created_at",
            postgresql_where=text("status IN ('requested', 'uncertain') OR review IS NOT NULL"),
        ),
    )
