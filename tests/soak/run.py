"""One random long run: customers and faults from a seed, then quiet, then the books are proved."""

import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from sqlalchemy import func, select

from bot.embedded import ServerUrls, create_database, drop_database
from domain.audit import prove
from domain.database import transaction
from domain.models import Payment
from domain.states import AWAITING_OTP, ENDED
from tests.faults.site import Site
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.soak.chaos import Chaos
from tests.soak.customers import Walk

_AT_ONCE = 8
_QUIET_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Soak:
    """What a run is made of. The seed tells every choice; only the time that things take differs
    from run to run.
    """

    seed: int
    customers: int
    seconds: float

    def replay(self) -> str:
        """The command that makes the same choices again."""
        return f"make soak SEED={self.seed} CUSTOMERS={self.customers} SECONDS={self.seconds:g}"

    def run(self, folder: Path, servers: ServerUrls, template: str) -> str:
        """Returns what happened, in one line. Raises AssertionError, with the command to replay it,
        where the books or the customers' messages are wrong.
        """
        name = f"soak_{os.getpid()}_{self.seed}"
        url = create_database(servers.database_url, name, template=template)
        try:
            with (
                Redis.from_url(servers.redis_url) as redis,
                House(folder, url, servers.redis_url) as house,
                Site(house, url, servers.redis_url) as site,
            ):
                redis.flushdb()
                return self._run(site)
        except AssertionError as error:
            error.add_note(f"replay this with: {self.replay()}")
            raise
        finally:
            drop_database(servers.database_url, name)

    def _run(self, site: Site) -> str:
        house = site.house
        house.start_all()
        travellers = [house.customer() for _ in range(self.customers)]
        chaos = Chaos(site, f"{self.seed}:chaos")
        # Whoever began under faults may end in peace, in as much time again.
        over = time.monotonic() + 2 * self.seconds
        walks = [
            Walk(each, self._choices(number), lambda: time.monotonic() > over)
            for number, each in enumerate(travellers)
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            talks = [pool.submit(walk.go) for walk in walks]
            chaos.reign(self.seconds, lambda: all(talk.done() for talk in talks))
            site.heal()
            for talk in talks:
                talk.result()
        self._prove(site, travellers)
        counts = Counter(status for each in travellers for status in _statuses(each))
        return f"seed {self.seed}: {len(chaos.done)} faults, payments {dict(counts)}"

    def _choices(self, number: int) -> random.Random:
        return random.Random(f"{self.seed}:{number}")  # noqa: S311 - choices of a test

    def _prove(self, site: Site, travellers: list[Customer]) -> None:
        """When faults have stopped: every payment ends or waits for its customer, and all books and
        messages say the same.
        """
        for customer in travellers:
            site.house.end_omari_session(customer)
        site.wait("every payment stands still", _all_stand_still, _QUIET_SECONDS)
        site.wait("everything is heard and sent", site.house.all_is_quiet, _QUIET_SECONDS)
        site.house.assert_told_the_truth_once()
        with transaction() as db:
            assert prove(db) == []
        for customer in travellers:
            receipts = customer.receipts()
            told = [each for each in customer.replies() if each.startswith("✅")]
            assert len(told) == len(set(told)), f"a receipt was sent twice: {told}"
            for receipt in receipts:
                named = [each for each in told if receipt in each]
                assert len(named) == 1, f"a receipt was told {len(named)} times"


def _all_stand_still() -> bool:
    still = (*ENDED, AWAITING_OTP)
    with transaction() as db:
        moving = select(func.count()).where(Payment.status.not_in(still))
        return db.execute(moving).scalar_one() == 0


def _statuses(customer: Customer) -> list[str]:
    return [payment.status for payment in customer.payments()]
