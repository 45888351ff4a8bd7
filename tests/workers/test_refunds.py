"""What a worker does with a refund: each answer, silence, an empty body; one call, whatever comes.

The provider is a small HTTP server and an adapter of the test's own.
"""

import json
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import select

from bot import runtime as runtimes
from bot.config import Settings
from bot.queues import waiting
from bot.runtime import Runtime
from domain import refunds
from domain.audit import prove
from domain.crashpoints import POINTS
from domain.database import transaction
from domain.models import Account, PaymentEvent, Refund
from domain.money import Money
from providers.contract import (
    Call,
    Charge,
    NextAct,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Terms,
)
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus
from tests import factories
from tests.domain import world as w
from tests.domain.refunds_world import later, refund_of
from tests.workers.shop import Shop
from workers import process
from workers import refunds as worker
from workers.refunds import attend_refund
from workers.sweeps import sweep


@dataclass
class Till:
    """The provider's book: what it was told, and how it answers from now on."""

    answers: list[bytes | None] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    orders: list[RefundOrder] = field(default_factory=list)
    url: str = ""
    holds: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    till: Till

    def do_POST(self) -> None:
        self.till.told.append(self.path.strip("/"))
        answer = self.till.answers.pop(0)
        if answer is None:
            self.till.holds.wait(5)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        """The test looks at the till."""


@dataclass
class SendsOnly:
    """An adapter of a provider that gives money back, and cannot be asked about it."""

    till: Till
    name: str = "omari"
    title: str = "Test"
    currencies: frozenset[str] = frozenset({"USD"})

    def terms(self, payer_number: str | None) -> Terms:
        return Terms(1 if payer_number else 2, 300, 300)

    def start(self, _charge: Charge) -> NextAct:
        raise ProviderUncertain(Call("start", None, 0), Reason.UNAVAILABLE)

    def check(self, _charge: Charge) -> Outcome:
        raise ProviderUncertain(Call("check", None, 0), Reason.UNAVAILABLE)

    def probe(self) -> Call:
        return Call("probe", 200, 0)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        self.till.orders.append(order)
        return self._call("refund", order)

    def _call(self, operation: str, order: RefundOrder) -> RefundOutcome:
        # Silence is cut soon; any other answer may take what a busy machine takes for it.
        seconds = 0.4 if self.till.answers[:1] == [None] else 10
        try:
            answer = requests.post(f"{self.till.url}/{operation}", timeout=seconds)
            word = json.loads(answer.content)
        except (requests.RequestException, ValueError):
            raise ProviderUncertain(Call(operation, None, 1), Reason.UNAVAILABLE) from None
        call = Call(operation, 200, 1, word["status"], digest=uuid4().hex)
        if word["status"] == "refused":
            raise ProviderRefused(call, Reason.DECLINED)
        amount = Money(word.get("amount", order.amount.amount_minor), "USD")
        return RefundOutcome(RefundStatus(word["status"]), call, "RF1", amount, order.reference)


class Follows(SendsOnly):
    """One that can be asked."""

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        return self._call("check", order)


def says(status: str, **more: object) -> bytes:
    return json.dumps({"status": status, **more}).encode()


@pytest.fixture
def till() -> Iterator[Till]:
    till = Till()
    handler = type("Handler", (_Handler,), {"till": till})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    till.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield till
    till.holds.set()
    server.shutdown()
    thread.join()
    server.server_close()


def register(runtime: Runtime, account_id: int, adapter: SendsOnly) -> None:
    """Make this the adapter of the shop's account."""
    with transaction() as db:
        account = db.get_one(Account, account_id)
        runtime.accounts._built[(account.id, account.secrets_sealed)] = adapter


def approved(shop: Shop, amount_minor: int = 4_000) -> UUID:
    """A refund of USD 40.00 of a payment of USD 100.00, with two people's word."""
    payment = shop.open()
    w.walk(payment, "start", "code", "given", "confirm")
    w.settle(payment)
    refund_id = uuid4()
    with transaction() as db:
        people = [factories.staff(db, f"{name}@example.com") for name in ("anna", "ben")]
        amount = Money(amount_minor, "USD")
        wish = refunds.RefundWish(refund_id, payment, amount, "rain", people[0].id, "provider")
        assert isinstance(refunds.request(db, wish), Refund)
        assert isinstance(refunds.approve(db, refund_id, people[1].id), Refund)
    return refund_id


def attended(shop: Shop, till: Till, *answers: bytes | None, adapter: type = Follows) -> UUID:
    register(shop.runtime, shop.account_id, adapter(till))
    refund = approved(shop)
    till.answers = list(answers)
    attend_refund(str(refund))
    return refund


def told() -> list[str]:
    with transaction() as db:
        names = db.execute(
            select(PaymentEvent.told)
            .where(PaymentEvent.told.is_not(None), PaymentEvent.kind.startswith("refund"))
            .order_by(PaymentEvent.id)
        ).scalars()
        return [str(name) for name in names]


def assert_books_agree() -> None:
    with transaction() as db:
        assert prove(db) == []


ANSWERS = {
    "succeeded": (says("succeeded"), "succeeded", None, 6_000, ["refunded"]),
    "pending": (says("pending"), "pending", None, 10_000, ["refund_sent"]),
    "failed": (says("failed"), "failed", None, 10_000, []),
    "refused": (says("refused"), "failed", None, 10_000, []),
    "another amount": (says("succeeded", amount=1), "uncertain", "amount_mismatch", 10_000, []),
    "silence": (None, "uncertain", None, 10_000, []),
    "an empty body": (b"", "uncertain", None, 10_000, []),
    "no JSON": (b"<html>", "uncertain", None, 10_000, []),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_each_answer_is_what_it_is(shop: Shop, till: Till, what: str) -> None:
    answer, status, review, paid_minor, events = ANSWERS[what]
    refund = attended(shop, till, answer)
    found = refund_of(refund)
    assert (found.status, found.review) == (status, review)
    assert shop.booking().paid_minor == paid_minor
    assert told() == events
    assert till.told == ["refund"]
    assert_books_agree()


def test_the_order_is_what_was_agreed_to(shop: Shop, till: Till) -> None:
    refund = attended(shop, till, says("succeeded"))
    order = till.orders[0]
    assert (order.reference, order.amount) == (str(refund), Money(4_000, "USD"))
    assert (order.receipt, order.refunded_before) == ("H5PS", Money(0, "USD"))
    assert (order.charge.amount, order.reason) == (Money(10_000, "USD"), "rain")


def test_the_lease_is_the_calls_deadline_and_a_margin(shop: Shop, till: Till) -> None:
    found = refund_of(attended(shop, till, None))
    assert found.lease_until is not None
    assert found.sent_at is not None
    margin = shop.runtime.policy.lease_margin_seconds
    assert abs((found.lease_until - found.sent_at).total_seconds() - 1 - margin) < 1


@pytest.mark.parametrize("answer", [says("pending"), None, says("refused"), says("succeeded")])
def test_it_is_sent_once_however_often_it_is_attended_to(
    shop: Shop, till: Till, answer: bytes | None
) -> None:
    refund = attended(shop, till, answer, *[says("pending")] * 5)
    for _ in range(3):
        later(refund, 3_600)
        attend_refund(str(refund))
    assert till.told.count("refund") == 1


def test_two_workers_at_once_send_it_once(shop: Shop, till: Till) -> None:
    register(shop.runtime, shop.account_id, Follows(till))
    refund = approved(shop)
    till.answers = [says("succeeded"), says("succeeded")]
    threads = [threading.Thread(target=attend_refund, args=(str(refund),)) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert till.told == ["refund"]
    assert shop.booking().paid_minor == 6_000


def test_who_died_after_the_lease_is_found_and_only_asks(shop: Shop, till: Till) -> None:
    register(shop.runtime, shop.account_id, Follows(till))
    refund = approved(shop)
    with transaction() as db:
        refunds.begin_send(db, refunds.lock(db, refund), 1, shop.runtime.policy)
    attend_refund(str(refund))
    assert (refund_of(refund).status, till.told) == ("sending", []), "somebody's lease runs"
    later(refund, 20)
    attend_refund(str(refund))
    assert (refund_of(refund).status, till.told) == ("uncertain", [])
    till.answers = [says("succeeded")]
    attend_refund(str(refund))
    assert (refund_of(refund).status, till.told) == ("succeeded", ["check"])


def test_who_slept_over_the_lease_does_not_send(
    shop: Shop, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 1_000.0])
    register(shop.runtime, shop.account_id, Follows(till))
    refund = approved(shop)
    monkeypatch.setattr(worker.time, "monotonic", lambda: next(moments, 1_000.0))
    attend_refund(str(refund))
    assert (refund_of(refund).status, till.told) == ("uncertain", [])


def test_after_silence_it_is_asked_until_it_is_known(shop: Shop, till: Till) -> None:
    refund = attended(shop, till, None, says("not_found"), None, says("not_found"))
    for seconds in (100, 1, 70):
        later(refund, seconds)
        attend_refund(str(refund))
    assert till.told == ["refund", "check", "check", "check"]
    found = refund_of(refund)
    assert (found.status, found.failure) == ("failed", "not_found")
    assert_books_agree()


def test_pending_is_followed_until_it_is_final(shop: Shop, till: Till) -> None:
    refund = attended(shop, till, says("pending"), says("pending"), says("succeeded"))
    for _ in range(2):
        attend_refund(str(refund))
    assert refund_of(refund).status == "succeeded"
    assert told() == ["refund_sent", "refunded"]


@pytest.mark.parametrize("answer", [None, b""])
def test_who_cannot_be_asked_leaves_silence_to_a_person(
    shop: Shop, till: Till, answer: bytes | None
) -> None:
    refund = attended(shop, till, answer, adapter=SendsOnly)
    later(refund, 3_600)
    attend_refund(str(refund))
    found = refund_of(refund)
    assert (found.status, found.review) == ("uncertain", "uncertain_refund")
    assert found.next_check_at is None
    assert till.told == ["refund"]
    assert_books_agree()


def test_who_accepts_and_cannot_be_asked_leaves_it_to_a_person(shop: Shop, till: Till) -> None:
    refund = attended(shop, till, says("pending"), adapter=SendsOnly)
    attend_refund(str(refund))
    assert (refund_of(refund).status, refund_of(refund).review) == ("pending", "uncertain_refund")
    assert_books_agree()


def test_a_lost_nudge_is_found_by_the_sweep(shop: Shop, till: Till) -> None:
    register(shop.runtime, shop.account_id, Follows(till))
    refund = approved(shop)
    shop.runtime.redis.flushdb()
    sweep()
    sweep()
    assert waiting(shop.runtime.redis, "payments") == 1
    later(refund, shop.runtime.policy.claim_seconds + 1)
    sweep()
    assert waiting(shop.runtime.redis, "payments") == 2, "whoever took it may have died"


def test_nothing_due_promises_nothing(shop: Shop, till: Till) -> None:
    attended(shop, till, says("succeeded"))
    shop.runtime.redis.flushdb()
    sweep()
    assert waiting(shop.runtime.redis, "payments") == 0


@dataclass
class SaysWhatIsLeft(Follows):
    """One that is asked about a failed refund, while another of the same payment is sent."""

    meanwhile: Callable[[], object] = lambda: None

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        self.meanwhile()
        return super().check_refund(order)


def test_what_another_refund_gave_back_meanwhile_is_not_taken_for_a_failed_one(
    shop: Shop, till: Till
) -> None:
    failed = attended(shop, till, None, says("not_found"), says("not_found"))
    for seconds in (100, 70):
        later(failed, seconds)
        attend_refund(str(failed))
    assert refund_of(failed).status == "failed"
    second = approved_too(failed)
    adapter = SaysWhatIsLeft(till, meanwhile=lambda: attend_by(shop, second, Follows(till)))
    register(shop.runtime, shop.account_id, adapter)
    till.answers = [says("succeeded"), says("succeeded")]
    attend_refund(str(failed))
    assert (refund_of(second).status, refund_of(failed).status) == ("succeeded", "failed")
    assert refund_of(failed).next_check_at is not None
    assert shop.booking().paid_minor == 6_000
    assert_books_agree()


def approved_too(refund_id: UUID) -> UUID:
    """Another refund like this one, of the same payment and by the same people."""
    another = uuid4()
    with transaction() as db:
        like = db.get_one(Refund, refund_id)
        amount, people = Money(like.amount_minor, "USD"), (like.requested_by, like.approved_by)
        wish = refunds.RefundWish(another, like.payment_id, amount, "rain", people[0], "provider")
        assert isinstance(refunds.request(db, wish), Refund)
        assert isinstance(refunds.approve(db, another, people[1] or 0), Refund)
    return another


def attend_by(shop: Shop, refund: UUID, adapter: SendsOnly) -> None:
    register(shop.runtime, shop.account_id, adapter)
    attend_refund(str(refund))


# Where a worker dies, and what the provider was told by then.
REACHED: dict[str, list[str]] = {
    "refund_leased": [],
    "refund_calling": ["refund"],
    "refund_answered": ["refund"],
}


def attend_and_die(settings: Settings, account_id: int, url: str, refund_id: str) -> None:
    """A worker process that is told to die on its way."""
    runtime = runtimes.start(settings)
    process.configure(runtime)
    register(runtime, account_id, Follows(Till(url=url)))
    attend_refund(refund_id)


@pytest.mark.parametrize("point", REACHED)
def test_a_worker_that_is_killed_loses_nothing_and_sends_nothing_twice(
    shop: Shop, till: Till, point: str, settings: Settings, tmp_path: Path
) -> None:
    register(shop.runtime, shop.account_id, Follows(till))
    refund = approved(shop)
    till.answers = [None if point == "refund_calling" else says("succeeded")]
    dying = settings.model_copy(update={"crash_at": point, "crash_mark": tmp_path / "died"})
    child = multiprocessing.get_context("spawn").Process(
        target=attend_and_die, args=(dying, shop.account_id, till.url, str(refund))
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert (refund_of(refund).status, till.told) == ("sending", REACHED[point])

    till.answers = [says("succeeded" if REACHED[point] else "not_found")] * 2
    for _ in range(3):
        later(refund, 200)
        attend_refund(str(refund))
    assert refund_of(refund).status == ("succeeded" if REACHED[point] else "failed")
    assert till.told.count("refund") == len(REACHED[point]), "never sent twice"
    assert shop.booking().paid_minor == (6_000 if REACHED[point] else 10_000)
    assert_books_agree()


def test_the_points_are_listed() -> None:
    assert set(REACHED) == {name for name in POINTS if name.startswith("refund_")}
