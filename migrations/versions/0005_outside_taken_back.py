"""Money from outside that is taken back."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GUARDS = Path(__file__).with_name("0005_guards.sql")


def upgrade() -> None:
    op.add_column("transfer", sa.Column("takes_back_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_transfer_takes_back_id"), "transfer", "transfer", ["takes_back_id"], ["id"]
    )
    op.drop_constraint(op.f("ck_transfer_kind_known"), "transfer")
    op.create_check_constraint(
        op.f("ck_transfer_kind_known"),
        "transfer",
        "kind IN ('opening', 'capture', 'surplus', 'refund', 'reversal', 'outside', 'move',"
        " 'taken_back')",
    )
    op.create_check_constraint(
        op.f("ck_transfer_takes_back_something"),
        "transfer",
        "(kind = 'taken_back') = (takes_back_id IS NOT NULL)",
    )
    op.create_index(
        "ix_transfer_takes_back_id",
        "transfer",
        ["takes_back_id"],
        postgresql_where=sa.text("takes_back_id IS NOT NULL"),
    )
    op.drop_index("ix_transfer_went", "transfer")
    op.create_index(
        "ix_transfer_went",
        "transfer",
        ["credit", "at"],
        postgresql_include=["currency", "amount_minor"],
        postgresql_where=sa.text("kind IN ('refund', 'reversal', 'taken_back')"),
    )
    # The driver itself, as in 0001: it sends many statements at once and leaves every % alone.
    op.get_bind().connection.cursor().execute(GUARDS.read_text(encoding="utf-8"))
