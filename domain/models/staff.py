"""Who works here: sign-ins, invitations, what one of staff proposes and another decides, and the
audit trail.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from domain.models.base import Base, BigId, CreatedAt, Id, Moment


class Staff(Base):
    """A person who works here: an admin, or one operator's own.

    `created_by` is who vouches for them: who invited them, or last gave them a new way in; None:
    whoever has the machine. `approver_from` is from when on they may be the second person; None:
    never. `totp_sealed` is the secret of their authenticator, encrypted, and `totp_step` the last
    time step of which a code was accepted, so that no code counts twice.
    """

    __tablename__ = "staff"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    operator_id: Mapped[BigId | None] = mapped_column(ForeignKey("operator.id"))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_by: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    approver_from: Mapped[Moment | None]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    disabled_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("role IN ('admin', 'operator')", name="role_known"),
        CheckConstraint(
            "(role = 'operator') = (operator_id IS NOT NULL)", name="operator_has_company"
        ),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )


class StaffSession(Base):
    """One browser that signed in. `id` is the SHA-256, in hex, of what its cookie says, so that who
    reads the table can sign in as nobody. `fresh_until`: until then the person counts as just
    having shown who they are.
    """

    __tablename__ = "staff_session"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[BigId] = mapped_column(ForeignKey("staff.id"), index=True)
    device: Mapped[str] = mapped_column(String(200), server_default="")
    fresh_until: Mapped[Moment | None]
    seen_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Moment | None]


class StaffInvitation(Base):
    """A link by which a person chooses a password: their first, or a new one. `token_hash` is the
    SHA-256, in hex, of what the link says. `made_by` None: whoever has the machine.
    """

    __tablename__ = "staff_invitation"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[BigId] = mapped_column(ForeignKey("staff.id"), index=True)
    made_by: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class RecoveryCode(Base):
    """A code that serves once in the place of an authenticator; kept as a hash."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[BigId] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[Moment | None]


class StaffNotice(Base):
    """Something one person of staff is to know, shown to them until they have seen it. `kind` names
    the words, `subject` what it is about, as in the audit trail.
    """

    __tablename__ = "staff_notice"

    id: Mapped[Id]
    staff_id: Mapped[BigId] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]
    seen_at: Mapped[Moment | None]

    __table_args__ = (
        Index("ix_staff_notice_unseen", "staff_id", "id", postgresql_where=text("seen_at IS NULL")),
    )


class Proposal(Base):
    """An act that one of staff proposes and another decides: nothing happens before.

    `act` names it, `detail` says what exactly, `sealed` holds what of it is secret, `evidence` why.
    Its id is minted by who proposes, so that a form sent twice is one proposal. `operator_id` is
    whose business it is; None: everybody's. `not_before`: it may not be approved earlier.
    """

    __tablename__ = "proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    operator_id: Mapped[BigId | None] = mapped_column(ForeignKey("operator.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    evidence: Mapped[str] = mapped_column(String(1000))
    status: Mapped[str] = mapped_column(String(12), server_default="proposed")
    proposed_by: Mapped[BigId] = mapped_column(ForeignKey("staff.id"))
    not_before: Mapped[Moment | None]
    decided_by: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[Moment | None]
    decision: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'approved', 'rejected')", name="status_known"),
        CheckConstraint("status <> 'approved' OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint(
            "(status = 'proposed') = (decided_at IS NULL)"
            " AND (status = 'proposed') = (decided_by IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("evidence <> ''", name="evidence_given"),
        Index("ix_proposal_open", "created_at", postgresql_where=text("status = 'proposed'")),
    )


class AuditEntry(Base):
    """One act of staff, for ever. `actor` is an e-mail address, or `cli` for whoever has the
    machine.
    """

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    staff_id: Mapped[BigId | None] = mapped_column(ForeignKey("staff.id"))
    actor: Mapped[str] = mapped_column(String(254))
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    # Read the newest first: all of it, one person's, or one act.
    __table_args__ = (
        Index("ix_audit_entry_at_id", "at", "id"),
        Index("ix_audit_entry_actor_at_id", "actor", "at", "id"),
        Index("ix_audit_entry_act_at_id", "act", "at", "id"),
    )
