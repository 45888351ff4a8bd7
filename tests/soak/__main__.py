"""A long run by hand: `make soak SEED=… CUSTOMERS=… SECONDS=…`."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from bot.embedded import EmbeddedServers, create_database
from bot.release import migrate
from domain.database import Database
from tests.soak.run import Soak

_TEMPLATE = "soak_template"


def main() -> int:
    """Exit 0 with a line that says what happened, or fail with the command to replay it."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    soak = Soak(given.seed, given.customers, given.seconds)
    sys.stdout.write(f"{soak.replay()}\n")
    sys.stdout.flush()
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServers(Path(folder) / "servers", durable=False) as owner,
    ):
        database = Database(create_database(owner.urls.database_url, _TEMPLATE))
        migrate(database)
        database.engine.dispose()
        logs = Path(folder) / "logs"
        logs.mkdir()
        sys.stdout.write(soak.run(logs, owner.urls, _TEMPLATE) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
