"""Links and pictures to pay by, refunds that are followed, switches."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARDS = Path(__file__).with_name("0002_guards.sql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "switch",
        sa.Column("scope", sa.String(60), nullable=False),
        sa.Column("paused_at", _MOMENT),
        sa.Column("paused_by", sa.String(254)),
        sa.Column("words", sa.String(300)),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("probe_at", _MOMENT),
        sa.Column(
            "changed_at", _MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "scope = 'all' OR scope LIKE 'operator:%' OR scope LIKE 'provider:%'",
            name=op.f("ck_switch_scope_known"),
        ),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (paused_by IS NULL)", name=op.f("ck_switch_paused_by_somebody")
        ),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_switch")),
    )
    op.create_table(
        "tour_account",
        sa.Column("tour_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tour_id"], ["tour.id"], name=op.f("fk_tour_account_tour_id")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_tour_account_account_id")
        ),
        sa.PrimaryKeyConstraint("tour_id", "provider", "currency", name=op.f("pk_tour_account")),
    )
    op.add_column("evidence", sa.Column("account_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_evidence_account_id"), "evidence", "account", ["account_id"], ["id"]
    )
    op.add_column("payment", sa.Column("link_url", sa.Text()))
    op.add_column("payment", sa.Column("link_qr", sa.Text()))
    op.add_column("payment", sa.Column("link_launcher", sa.String(300)))
    op.add_column("payment", sa.Column("receipt", sa.String(120)))
    # Until now the receipt stood as the provider's reference.
    op.execute("UPDATE payment SET receipt = provider_reference WHERE status = 'succeeded'")
    op.add_column("payment", sa.Column("noticed_at", _MOMENT))
    op.add_column("payment_event", sa.Column("refund_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_payment_event_refund_id"), "payment_event", "refund", ["refund_id"], ["id"]
    )
    _refunds()


def _refunds() -> None:
    for column in (
        sa.Column("way", sa.String(10), server_default="provider", nullable=False),
        sa.Column("approved_at", _MOMENT),
        sa.Column("receipt", sa.String(120)),
        sa.Column("failure", sa.String(60)),
        sa.Column("review", sa.String(60)),
        sa.Column("sent_at", _MOMENT),
        sa.Column("negative_since", _MOMENT),
        sa.Column("checks", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    ):
        op.add_column("refund", column)
    op.create_check_constraint(
        op.f("ck_refund_way_known"), "refund", "way IN ('provider', 'outside')"
    )
    op.create_index(
        "ix_refund_due",
        "refund",
        ["next_check_at"],
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_index(
        "uq_refund_one_call",
        "refund",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('sending', 'uncertain')"),
    )
    op.create_index(
        "uq_transfer_refund",
        "transfer",
        ["refund_id", "debit"],
        unique=True,
        postgresql_where=sa.text("refund_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_transfer_money_back_has_evidence"),
        "transfer",
        "kind NOT IN ('refund', 'reversal') OR (payment_id IS NOT NULL"
        " AND evidence_id IS NOT NULL AND (kind = 'refund') = (refund_id IS NOT NULL))",
    )
    op.drop_index("uq_transfer_receipt", "transfer")
    op.create_index(
        "uq_transfer_receipt",
        "transfer",
        ["provider", "receipt", "kind"],
        unique=True,
        postgresql_where=sa.text("receipt IS NOT NULL AND kind <> 'reversal'"),
    )
    op.create_index(
        "uq_transfer_reversal",
        "transfer",
        ["provider", "receipt", "debit"],
        unique=True,
        postgresql_where=sa.text("kind = 'reversal'"),
    )
    # The driver itself, as in 0001: it sends many statements at once and leaves every % alone.
    op.get_bind().connection.cursor().execute(GUARDS.read_text(encoding="utf-8"))
