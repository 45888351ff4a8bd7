"""How much waits on the review list: one question a page, by partial indexes, capped."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.admin.review import sources
from bot.admin.scope import Scope

MOST = 100


def counted(db: Session, scope: Scope) -> int:
    """How many lines there are, or MOST where there are so many or more."""
    every = " UNION ALL ".join(
        f"SELECT 1 {sources.found(each, scope)}"  # noqa: S608 - of constants
        for kind in sources.of(scope).values()
        for each in kind
    )
    # One after the other, and no further than the number goes.
    capped = text(f"SELECT count(*) FROM ({every} LIMIT {MOST}) AS line")  # noqa: S608 - of constants
    total: int = db.execute(capped, {"operator_id": scope.operator_id}).scalar_one()
    return total


def shown(count: int) -> str:
    """The number as the header has it: nothing for none, `99+` for a hundred or more."""
    if not count:
        return ""
    return str(count) if count < MOST else f"{MOST - 1}+"
