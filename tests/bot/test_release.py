"""A release takes the time that a large table needs."""

import threading
import time

from sqlalchemy import create_engine, text

from bot.release import migrate
from domain.database import Database


def test_a_second_machine_waits_until_the_first_has_migrated(database_url: str) -> None:
    """Longer than any request may wait for a lock."""
    hasty = Database(database_url)
    hasty.engine.dispose()
    hasty.engine = create_engine(
        database_url, connect_args={"options": "-c lock_timeout=200 -c statement_timeout=300"}
    )
    holder = create_engine(database_url)
    with holder.connect() as first:
        first.execute(text("SELECT pg_advisory_lock(7083665)"))
        second = threading.Thread(target=migrate, args=[hasty])
        second.start()
        time.sleep(1)
        waits = second.is_alive()
        first.execute(text("SELECT pg_advisory_unlock(7083665)"))
        second.join(20)
    assert waits
    assert not second.is_alive()
    with hasty.engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "300ms"
    for engine in (holder, hasty.engine):
        engine.dispose()
