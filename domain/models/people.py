"""Who writes to us, what was said in both directions, and what each turn of a conversation did."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, Id, Moment


class Contact(Base):
    """A person on WhatsApp. `sequence` counts the turns that were heard; the row's lock orders
    them. While `taken_by` is somebody of staff, that person answers and the bot is silent;
    `taken_at` is when they took it over, or answered last.
    """

    __tablename__ = "contact"

    id: Mapped[Id]
    language: Mapped[str] = mapped_column(String(8), server_default="en")
    profile_name: Mapped[str] = mapped_column(String(100), server_default="")
    sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    opted_out_at: Mapped[Moment | None]
    person_wanted_at: Mapped[Moment | None]
    taken_by: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    taken_at: Mapped[Moment | None]
    last_inbound_at: Mapped[Moment | None]
    minute_began_at: Mapped[Moment | None]
    minute_messages: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("(taken_by IS NULL) = (taken_at IS NULL)", name="taken_by_somebody"),
        Index(
            "ix_contact_person_wanted",
            "person_wanted_at",
            postgresql_where=text("person_wanted_at IS NOT NULL"),
        ),
        Index("ix_contact_taken", "taken_at", postgresql_where=text("taken_at IS NOT NULL")),
        # Found by how any word of the name begins. A turn writes the same name again, which costs
        # the index nothing.
        Index(
            "ix_contact_profile_name_words",
            text("to_tsvector('simple'::regconfig, profile_name::text)"),
            postgresql_using="gin",
        ),
    )


class ContactIdentity(Base):
    """An address of a contact: `+263774975187`, or a WhatsApp user id without a number
    (`ZW.1A2B`).
    """

    __tablename__ = "identity"

    id: Mapped[Id]
    contact_id: Mapped[BigId] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20), server_default="whatsapp")
    address: Mapped[str] = mapped_column(String(150))
    created_at: Mapped[CreatedAt]

    __table_args__ = (UniqueConstraint("channel", "address"),)


class BookingContact(Base):
    """A contact who proved to belong to a booking that stands under another number."""

    __tablename__ = "booking_contact"

    booking_id: Mapped[BigId] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    contact_id: Mapped[BigId] = mapped_column(
        ForeignKey("contact.id"), primary_key=True, index=True
    )
    created_at: Mapped[CreatedAt]


class LookupTry(Base):
    """A failed try to find or prove a booking, counted per contact and day and per reference and
    day.
    """

    __tablename__ = "lookup_try"

    id: Mapped[Id]
    contact_id: Mapped[BigId] = mapped_column(ForeignKey("contact.id"))
    reference_key: Mapped[str] = mapped_column(String(60))
    at: Mapped[CreatedAt]

    __table_args__ = (
        Index("ix_lookup_try_contact_id_at", "contact_id", "at"),
        Index("ix_lookup_try_reference_key_at", "reference_key", "at"),
    )


class Message(Base):
    """A message in either direction.

    Incoming: filed before it is heard, its text sealed until then and kept redacted afterwards.
    Outgoing: the outbox; `token` is our id, which travels in Twilio's StatusCallback URL.
    """

    __tablename__ = "message"

    id: Mapped[Id]
    direction: Mapped[str] = mapped_column(String(3))
    contact_id: Mapped[BigId] = mapped_column(ForeignKey("contact.id"))
    sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text, server_default="")
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    created_at: Mapped[CreatedAt]
    heard_at: Mapped[Moment | None]
    # Outgoing only, from here.
    token: Mapped[UUID | None] = mapped_column(unique=True)
    phrase: Mapped[str | None] = mapped_column(String(80))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))
    told: Mapped[str | None] = mapped_column(String(60))
    due_at: Mapped[Moment | None]
    claimed_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
    status_at: Mapped[Moment | None]
    error_code: Mapped[str | None] = mapped_column(String(40))
    # When somebody of staff had looked at one that did not arrive.
    reviewed_at: Mapped[Moment | None]

    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="direction_known"),
        CheckConstraint(
            "status IN ('filed', 'heard', 'failed', 'due', 'sending', 'uncertain', 'sent',"
            " 'delivered', 'read', 'refused', 'expired')",
            name="status_known",
        ),
        UniqueConstraint("payment_id", "told"),
        Index(
            "ix_message_unheard",
            "contact_id",
            "id",
            postgresql_where=text("direction = 'in' AND heard_at IS NULL"),
        ),
        Index(
            "ix_message_unheard_since",
            "created_at",
            postgresql_where=text("direction = 'in' AND heard_at IS NULL"),
        ),
        Index("ix_message_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "ix_message_in_flight",
            "contact_id",
            "id",
            postgresql_where=text("status IN ('due', 'sending', 'uncertain')"),
        ),
        Index(
            "ix_message_undelivered",
            "id",
            postgresql_where=text("status = 'refused' AND reviewed_at IS NULL"),
        ),
        Index("ix_message_contact_id_id", "contact_id", "id"),
    )


class Turn(Base):
    """One message or event, heard by one conversation: the proof that it was, and where the
    conversation stood after.
    """

    __tablename__ = "turn"

    id: Mapped[Id]
    contact_id: Mapped[BigId] = mapped_column(ForeignKey("contact.id"))
    sequence: Mapped[int] = mapped_column(Integer)
    cause: Mapped[str] = mapped_column(String(60), unique=True)
    session: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("contact_id", "sequence"),
        # Rows are only added, in the order of time: a few pages find a day.
        Index(
            "ix_turn_at",
            "at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
        ),
    )
