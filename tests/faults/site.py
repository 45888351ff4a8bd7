"""A product with a proxy before each server that it uses, and words for its faults."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import requests
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.engine import make_url

from domain.database import transaction
from domain.models import PaymentEvent
from domain.payments.schedule import ATTEND
from tests.faults.books import assert_no_lies, given_back, sent_back
from tests.faults.proxy import Proxy
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.waiting import eventually

WORKERS = ("worker_replies", "worker_payments", "worker_sweeps")
LINK_PROVIDERS = ("kaspi", "phonepe", "cashfree")


class Site:
    """The house, its four proxies, and its Valkey as the test sees it, which is directly."""

    def __init__(self, house: House, database_url: str, redis_url: str) -> None:
        self.house = house
        self.direct_url = make_url(database_url).set(drivername="postgresql")
        self.redis = Redis.from_url(redis_url)
        self._proxies = ExitStack()
        self._stopped: list[str] = []
        self.database = self._before(self.direct_url.port, self.direct_url.host)
        self.valkey = self._before(urlsplit(redis_url).port, urlsplit(redis_url).hostname)
        self.omari = self._before(house.simulators_port)
        self.twilio = self._before(house.simulators_port)
        house.set(
            DATABASE_URL=make_url(database_url)
            .set(host="127.0.0.1", port=self.database.port)
            .render_as_string(hide_password=False),
            REDIS_URL=_at(redis_url, self.valkey.port),
            OMARI_API_BASE_URL=f"http://127.0.0.1:{self.omari.port}/omari",
            TWILIO_API_URL=f"http://127.0.0.1:{self.twilio.port}",
            CONTACT_MESSAGES_PER_MINUTE="1000",
            # Rows about one lost answer or another must not pause the provider for the next row.
            PAUSE_AFTER_FAILURES="1000",
        )

    def _before(self, port: int | None, host: str | None = "127.0.0.1") -> Proxy:
        assert port is not None
        assert host is not None
        return self._proxies.enter_context(Proxy(port, host))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._proxies.close()
        self.redis.close()

    # Faults, and their end

    def twilio_knob(self, **wish: object) -> None:
        """Turn the simulated Twilio's knobs."""
        url = f"{self.house.simulators_url}/_sim/twilio/knobs"
        requests.post(url, json=wish, timeout=10).raise_for_status()

    def twilio_messages(self, customer: Customer) -> list[dict[str, Any]]:
        """What the simulated Twilio has for this customer, newest fields and all."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.house.simulators_url}/_sim/twilio/messages",
            params={"to": f"+{customer.phone}"},
            timeout=10,
        ).json()["messages"]
        return found

    def pause(self, name: str) -> None:
        """Stop a process where it stands."""
        self.house.send(name, signal.SIGSTOP)
        self._stopped.append(name)

    def go_on(self) -> None:
        """Let every stopped process go on."""
        for name in self._stopped:
            self.house.send(name, signal.SIGCONT)
        self._stopped.clear()

    def restart(self, *names: str, **more: str) -> None:
        """Stop processes and start them anew, with `more` in their environment."""
        for name in names:
            self.house.stop(name)
            self.house.start(name, more)
        self.house.wait_ready()

    def lose_nudges(self) -> None:
        """What waits in the queue of payments is gone, as taken by a worker that died at once."""
        self.redis.delete("rq:queue:payments")

    def nudge(self, payment_id: UUID, seconds: int = 60) -> None:
        """One more job for this payment, as a lost and found nudge would be."""
        Queue("payments", connection=self.redis, serializer=JSONSerializer).enqueue_call(
            ATTEND, args=(str(payment_id),), timeout=seconds, result_ttl=0, description=ATTEND
        )

    def is_nudged(self) -> bool:
        """Whether a nudge waits, or is in a worker's hands."""
        queue = Queue("payments", connection=self.redis, serializer=JSONSerializer)
        return bool(queue.count or queue.started_job_registry.count)

    def promise(self, job: str) -> None:
        """Promise a sweep, as the clock does."""
        Queue("sweeps", connection=self.redis, serializer=JSONSerializer).enqueue_call(
            job, timeout=60, result_ttl=0, description=job
        )

    def heal(self) -> None:
        """End every fault."""
        self.go_on()
        for proxy in (self.database, self.valkey, self.omari, self.twilio):
            proxy.forget_cuts()
            proxy.delay_seconds = 0.0
            proxy.listen()
        self.twilio_knob(
            faults=[], latency_ms=0, callbacks={"mode": "normal", "step_ms": 150, "read": True}
        )
        for provider in ("omari", *LINK_PROVIDERS):
            url = f"{self.house.simulators_url}/{provider}/_sim/knobs"
            requests.delete(url, timeout=10).raise_for_status()
        self.house.revive()

    # Waiting

    def wait(self, what: str, look: Callable[[], Any], seconds: float = 40) -> Any:
        """As `eventually`; what ended by itself is started again meanwhile, as a platform does."""

        def looked() -> Any:
            self.house.revive()
            return look()

        return eventually(what, looked, seconds)

    def customers_at_code(self, count: int = 1, **booking: int) -> list[Customer]:
        """Customers who were asked for the code that they hold in their hands."""
        found = [self.house.customer(**booking) for _ in range(count)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(walk_to_code, found))
        return found

    def ends(self, *customers: Customer, status: str = "succeeded", seconds: float = 40) -> None:
        """Wait until each one's newest payment ends so; then the books are proved. Nobody else's
        payment may be under way.
        """
        for customer in customers:
            self.arrives(customer, status, seconds)
        self.truth()
        for customer in customers:
            paid = [each for each in customer.payments() if each.status == "succeeded"]
            assert len(customer.receipts()) == len(paid)
            assert len([each for each in customer.replies() if "Receipt" in each]) == len(paid)

    def arrives(self, customer: Customer, status: str, seconds: float = 40) -> None:
        """Wait until the customer's newest payment stands so."""
        try:
            self.wait("an end", lambda: customer.payments()[-1].status == status, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: it is {customer.payments()[-1].status}") from None

    def truth(self) -> None:
        """Everything is heard, told once, and as the provider's book and ours say."""
        self.wait("everything is heard and sent", self.house.all_is_quiet)
        self.house.assert_told_the_truth_once()
        assert_no_lies()
        for provider in LINK_PROVIDERS:
            assert given_back(self.house, provider) == sent_back(provider), provider

    def path(self, customer: Customer) -> list[str]:
        """The statuses that the customer's newest payment went through."""
        with transaction() as db:
            return [
                status
                for status in db.execute(
                    select(PaymentEvent.to_status)
                    .where(PaymentEvent.payment_id == customer.payments()[-1].id)
                    .order_by(PaymentEvent.version)
                ).scalars()
                if status is not None
            ]

    def asked(self, customer: Customer, operation: str) -> int:
        """How often Omari was asked this for the customer's newest payment."""
        book = self.house.omari_book()["requests"]
        count: int = book.get(str(customer.payments()[-1].id), {}).get(operation, 0)
        return count

    def session(self) -> psycopg.Connection:
        """A connection of the test's own, past the proxy."""
        return psycopg.connect(self.direct_url.render_as_string(hide_password=False))


def walk_to_code(customer: Customer) -> None:
    """Up to the moment when the code is asked for, and has come."""
    customer.pay_until_code()
    customer.hears("PIN")


def together(work: Sequence[Callable[[], object]]) -> None:
    """Do these at once."""
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()


def _at(url: str, port: int) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
