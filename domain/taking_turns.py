"""Those who add bookings and those who change departures take turns, so that nobody is put on a
departure while it is cancelled or moved.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_BOOKINGS_LOCK = 7_083_666


def take_turn(db: Session) -> None:
    """Wait for whoever imports, adds, moves or cancels now, for as long as for any lock. Held until
    the end of the transaction; taken before every row that is locked.
    """
    db.execute(select(func.pg_advisory_xact_lock(_BOOKINGS_LOCK)))
