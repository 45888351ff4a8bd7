"""What the web view's lists, searches and sums are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _payments()
    _days()
    _bookings()
    _trail()
    _statements()
    op.create_index(
        "ix_contact_profile_name_words",
        "contact",
        [sa.text("to_tsvector('simple'::regconfig, profile_name::text)")],
        postgresql_using="gin",
    )


def _payments() -> None:
    op.create_index("ix_payment_created_at_id", "payment", ["created_at", "id"])
    op.create_index(
        "ix_payment_list",
        "payment",
        ["account_id", "status", "created_at", "id"],
        postgresql_include=["amount_minor"],
    )
    op.create_index(
        "ix_payment_otp_reference",
        "payment",
        ["otp_reference"],
        postgresql_where=sa.text("otp_reference IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_debit_reference",
        "payment",
        ["debit_reference"],
        postgresql_where=sa.text("debit_reference IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_review",
        "payment",
        ["created_at"],
        postgresql_where=sa.text("review IS NOT NULL OR status = 'uncertain'"),
    )
    op.create_index(
        "ix_refund_waiting",
        "refund",
        ["created_at"],
        postgresql_where=sa.text("status IN ('requested', 'uncertain') OR review IS NOT NULL"),
    )


def _days() -> None:
    """Both tables only grow, in the order of time, so that an index of a few pages finds a day; it
    costs an insert next to nothing.
    """
    for table in ("transfer", "turn"):
        op.create_index(
            f"ix_{table}_at",
            table,
            ["at"],
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
        )


def _bookings() -> None:
    op.create_index("ix_departure_start_date_id", "departure", ["start_date", "id"])
    op.create_index(
        "ix_booking_lead_name_words",
        "booking",
        [sa.text("to_tsvector('simple'::regconfig, lead_name::text)")],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_booking_cancelled",
        "booking",
        ["id"],
        postgresql_where=sa.text("cancelled_at IS NOT NULL"),
    )


def _trail() -> None:
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"])
    op.create_index("ix_audit_entry_actor_at_id", "audit_entry", ["actor", "at", "id"])
    op.create_index("ix_audit_entry_act_at_id", "audit_entry", ["act", "at", "id"])


def _statements() -> None:
    """What entered and what left an account: sums are read from the index alone."""
    for name, side, kinds in (
        ("came", "debit", "'capture', 'surplus', 'outside'"),
        ("went", "credit", "'refund', 'reversal'"),
    ):
        op.create_index(
            f"ix_transfer_{name}",
            "transfer",
            [side, "at"],
            postgresql_include=["currency", "amount_minor"],
            postgresql_where=sa.text(f"kind IN ({kinds})"),
        )
    op.create_index(
        "ix_transfer_moved", "transfer", ["at"], postgresql_where=sa.text("kind = 'move'")
    )
