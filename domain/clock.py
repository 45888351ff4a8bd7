"""The time, always aware UTC. Due times and expiry are decided by the database's clock, not by this
one.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment by this machine's clock, aware UTC."""
    return datetime.now(UTC)
