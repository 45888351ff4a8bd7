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
from domain.models import Payment, Refund, Transfer
from domain.states import AWAITING_CUSTOMER, AWAITING_OTP, ENDED, UNCERTAIN
from tests.faults.site import Site
from tests.faults.test_messages import rows
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.soak.chaos import Chaos
from tests.soak.customers import Walk
from tests.soak.payers import LINK_PROVIDERS, Office, end_refunds, is_all_found, pass_hours

_AT_ONCE = 8
_QUIET_SECONDS = 120
_TOTAL_MINOR = 50_000
_WAYS = (
    ("USD", ""),
    ("KZT", "link"),
    ("INR", "phonepe"),
    ("INR", "cashfree"),
    ("KZT", "invoice"),
)
# What ended without money is asked about again after these.
_HOURS = (1, 6)


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
        # One way after the other, so that all providers' customers are there.
        ways = [_WAYS[number % len(_WAYS)] for number in range(self.customers)]
        travellers = [
            house.customer(currency=currency, total_minor=_TOTAL_MINOR) for currency, _ in ways
        ]
        chaos = Chaos(site, f"{self.seed}:chaos")
        # Whoever began under faults may end in peace, in as much time again.
        over = time.monotonic() + 2 * self.seconds
        walks = [
            Walk(house, each, way, self._choices(number), lambda: time.monotonic() > over)
            for number, (each, (_, way)) in enumerate(zip(travellers, ways, strict=True))
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool, ThreadPoolExecutor(1) as desk:
            talks = [pool.submit(walk.go) for walk in walks]
            ended = lambda: all(talk.done() for talk in talks)  # noqa: E731
            staff = desk.submit(Office(random.Random(f"{self.seed}:staff"), ended).work)  # noqa: S311
            chaos.reign(self.seconds, ended)
            site.heal()
            for talk in talks:
                talk.result()
            staff.result()
        self._prove(site, travellers)
        counts = Counter(status for each in travellers for status in _statuses(each))
        back = dict(Counter(_refunds()))
        return (
            f"seed {self.seed}: {len(chaos.done)} faults, payments {dict(counts)}, refunds {back}"
        )

    def _choices(self, number: int) -> random.Random:
        return random.Random(f"{self.seed}:{number}")  # noqa: S311 - choices of a test

    def _prove(self, site: Site, travellers: list[Customer]) -> None:
        """When faults have stopped: every payment ends or waits for its customer, and all books and
        messages say the same.
        """
        for customer in travellers:
            site.house.end_omari_session(customer)
        site.wait("every payment stands still", _all_stand_still, _QUIET_SECONDS)
        for hours in _HOURS:
            pass_hours(hours)
            site.wait("all money is found", lambda: is_all_found(site.house), _QUIET_SECONDS)
        site.wait("all refunds are over", lambda: end_refunds(site.house), _QUIET_SECONDS)
        site.wait("everything is heard and sent", site.house.all_is_quiet, _QUIET_SECONDS)
        site.truth()
        with transaction() as db:
            assert prove(db) == []
        for customer in travellers:
            self._prove_told(site, customer)

    def _prove_told(self, site: Site, customer: Customer) -> None:
        """Twilio has nothing that we do not know of, which is what a second sending would be; and
        each receipt was told once. Who asks for a receipt gets it again, as an answer.
        """
        ours = {each.sid: each.told for each in rows(customer, "out")}
        there = site.twilio_messages(customer)
        assert {each["sid"] for each in there} <= set(ours), "something was sent twice"
        told = [each for each in there if ours[each["sid"]] in ("settled", "late")]
        for receipt in _captured(customer):
            named = [each for each in told if receipt in each["body"]]
            assert len(named) == 1, f"a receipt was told {len(named)} times"


def _all_stand_still() -> bool:
    """Links wait for their customers, and for the hours that are to pass."""
    still = (*ENDED, AWAITING_OTP, AWAITING_CUSTOMER)
    by_link = Payment.provider.in_(LINK_PROVIDERS) & (Payment.status == UNCERTAIN)
    with transaction() as db:
        moving = select(func.count()).where(Payment.status.not_in(still), ~by_link)
        return db.execute(moving).scalar_one() == 0


def _captured(customer: Customer) -> list[str]:
    """The receipts of this customer's money that their booking took."""
    payments = [payment.id for payment in customer.payments()]
    query = select(Transfer.receipt).where(
        Transfer.payment_id.in_(payments), Transfer.kind == "capture"
    )
    with transaction() as db:
        return list(db.execute(query).scalars())


def _statuses(customer: Customer) -> list[str]:
    return [f"{payment.provider} {payment.status}" for payment in customer.payments()]


def _refunds() -> list[str]:
    with transaction() as db:
        return list(db.execute(select(Refund.status)).scalars())
