"""Sign-ins of staff, what one proposes and another decides, conversations taken over."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GUARDS = Path(__file__).with_name("0003_guards.sql")
_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    _staff()
    _sign_ins()
    _proposals()
    _conversations()
    # The driver itself, as in 0001: it sends many statements at once and leaves every % alone.
    op.get_bind().connection.cursor().execute(GUARDS.read_text(encoding="utf-8"))


def _staff() -> None:
    op.add_column("staff", sa.Column("created_by", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_staff_created_by"), "staff", "staff", ["created_by"], ["id"])
    op.add_column("staff", sa.Column("approver_from", _MOMENT))
    # Whoever was added until now was added by whoever has the machine, and could approve.
    op.execute("UPDATE staff SET approver_from = created_at")
    op.add_column("staff", sa.Column("totp_sealed", sa.LargeBinary()))
    op.add_column("staff", sa.Column("totp_step", sa.BigInteger()))


def _sign_ins() -> None:
    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(200), server_default="", nullable=False),
        sa.Column("fresh_until", _MOMENT),
        sa.Column("seen_at", _MOMENT, server_default=_NOW, nullable=False),
        sa.Column("created_at", _MOMENT, server_default=_NOW, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"])
    op.create_table(
        "staff_invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger()),
        sa.Column("created_at", _MOMENT, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_invitation_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["staff.id"], name=op.f("fk_staff_invitation_made_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_invitation_token_hash")),
    )
    op.create_index(op.f("ix_staff_invitation_staff_id"), "staff_invitation", ["staff_id"])
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", _MOMENT),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=_NOW, nullable=False),
        sa.Column("seen_at", _MOMENT),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
    )
    op.create_index(
        "ix_staff_notice_unseen",
        "staff_notice",
        ["staff_id", "id"],
        postgresql_where=sa.text("seen_at IS NULL"),
    )


def _proposals() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("operator_id", sa.BigInteger()),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("evidence", sa.String(1000), nullable=False),
        sa.Column("status", sa.String(12), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("not_before", _MOMENT),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decision", sa.String(300)),
        sa.Column("created_at", _MOMENT, server_default=_NOW, nullable=False),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected')", name=op.f("ck_proposal_status_known")
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by <> proposed_by", name=op.f("ck_proposal_two_people")
        ),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_at IS NULL)"
            " AND (status = 'proposed') = (decided_by IS NULL)",
            name=op.f("ck_proposal_decided_by_somebody"),
        ),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_proposal_evidence_given")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("fk_proposal_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_proposal_proposed_by")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_proposal_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_subject"), "proposal", ["subject"])
    op.create_index(
        "ix_proposal_open",
        "proposal",
        ["created_at"],
        postgresql_where=sa.text("status = 'proposed'"),
    )


def _conversations() -> None:
    op.add_column("contact", sa.Column("taken_by", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_contact_taken_by"), "contact", "staff", ["taken_by"], ["id"])
    op.add_column("contact", sa.Column("taken_at", _MOMENT))
    op.create_check_constraint(
        op.f("ck_contact_taken_by_somebody"),
        "contact",
        "(taken_by IS NULL) = (taken_at IS NULL)",
    )
    op.create_index(
        "ix_contact_person_wanted",
        "contact",
        ["person_wanted_at"],
        postgresql_where=sa.text("person_wanted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_taken",
        "contact",
        ["taken_at"],
        postgresql_where=sa.text("taken_at IS NOT NULL"),
    )
    op.add_column("message", sa.Column("reviewed_at", _MOMENT))
    op.create_index(
        "ix_message_undelivered",
        "message",
        ["id"],
        postgresql_where=sa.text("status = 'refused' AND reviewed_at IS NULL"),
    )
