"""Rows that are due are claimed: each is handed to one claimer only, and comes back if nobody
attends to it.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.models import Payment, Refund


def claim(
    db: Session, table: type[Payment] | type[Refund], limit: int, seconds: float
) -> list[UUID]:
    """Ids of rows whose `next_check_at` is over, the longest due first; claimed for so long."""
    due = (
        select(table.id)
        # Not clock_timestamp(): that changes within a statement, so no index is searched by it.
        .where(table.next_check_at <= func.statement_timestamp())
        .order_by(table.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).cte("due")
    return list(
        db.execute(
            update(table)
            .where(table.id.in_(select(due.c.id)))
            .values(next_check_at=func.clock_timestamp() + timedelta(seconds=seconds))
            .returning(table.id)
            .execution_options(synchronize_session=False)
        ).scalars()
    )
