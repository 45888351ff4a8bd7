"""Processes die, stand still, come twice, disagree about the time, or are stopped under load."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.domain.world import later
from tests.faults.conftest import Notes
from tests.faults.site import Site, together
from tests.journey.customer import AUTH_TOKEN, Customer
from tests.journey.test_kills import arm, bury
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.timeout(240)]

_SKEWED = Path(__file__).with_name("skewed_clock")
_IN_FLIGHT = 50


@pytest.mark.fault(
    4,
    "The worker dies before the call, during it, after it and before the commit, after the commit"
    " and before anybody hears: as a lost answer, no second debit",
    "SIGKILL at the crash points confirm_leased, confirm_calling, confirm_answered, settled",
)
def test_the_worker_dies_around_the_call(site: Site) -> None:
    house = site.house
    points = ("confirm_leased", "confirm_calling", "confirm_answered", "settled")
    customers = site.customers_at_code(len(points))
    for customer, point in zip(customers, points, strict=True):
        if point == "confirm_calling":
            house.knob(operation="request", fault="slow", seconds=1)
        arm(house, point)
        customer.say(customer.code())
        bury(house, point)
    house.end_omari_session(customers[0])  # Omari never got that code
    site.arrives(customers[0], "expired")
    site.ends(*customers[1:])
    assert [site.asked(each, "request") for each in customers] == [0, 1, 1, 1]


@pytest.mark.fault(
    5,
    "One job runs twice at once: one call to Omari",
    "two payment workers, ten nudges for one payment, Omari takes a second for the code",
)
def test_one_job_twice_at_once(site: Site) -> None:
    (customer,) = site.customers_at_code()
    site.house.start("worker_payments_2")
    site.house.knob(operation="request", fault="slow", seconds=1)
    payment = customer.payments()[-1].id
    together([lambda: customer.say(customer.code()), *([lambda: site.nudge(payment)] * 10)])
    for _ in range(10):
        site.nudge(payment)
    site.ends(customer)
    site.house.stop("worker_payments_2")
    assert site.asked(customer, "request") == 1


@pytest.mark.fault(
    18,
    "The clock stands still for an hour: on its return everything that is due is done once",
    "SIGSTOP to the clock; a code that is not typed, a lost answer and a lost nudge grow an hour"
    " old; SIGCONT",
)
def test_the_clock_stands_still(site: Site) -> None:
    waiting, lost, unheard = site.customers_at_code(3)
    site.pause("clock")
    site.house.knob(operation="request", fault="drop_after")
    lost.say(lost.code())
    site.wait("it is uncertain", lambda: "uncertain" in site.path(lost))
    site.house.stop("worker_payments")
    unheard.say(unheard.code())
    site.lose_nudges()
    site.house.start("worker_payments")
    for customer in (waiting, lost, unheard):
        later(customer.payments()[-1].id, 3_600)
    assert [each.payments()[-1].status for each in (waiting, lost, unheard)] == [
        "awaiting_otp",
        "uncertain",
        "confirming",
    ]
    site.go_on()
    site.arrives(waiting, "expired")
    site.ends(lost, unheard)
    assert site.asked(unheard, "request") == 1


@pytest.mark.fault(
    24,
    "The hosts' clocks are ten minutes apart: expiry is decided by the database's clock",
    "web ten minutes ahead, the payment worker ten minutes behind (their Python's clocks are"
    " shifted); one customer pays, one lets the code expire",
)
def test_clocks_apart(site: Site) -> None:
    for name, seconds in (("web", "600"), ("worker_payments", "-600"), ("worker_sweeps", "600")):
        site.restart(name, PYTHONPATH=str(_SKEWED), SKEW_SECONDS=seconds)
    assert "clock shifted by 600 s" in site.house.log_of("web")
    pays, waits = site.customers_at_code(2)
    pays.say(pays.code())
    site.arrives(pays, "succeeded")
    assert waits.payments()[-1].status == "awaiting_otp", "ten minutes ahead expires nothing"
    later(waits.payments()[-1].id, 301)
    site.arrives(waits, "expired")
    site.restart("web", "worker_payments", "worker_sweeps")
    site.ends(pays)


@pytest.mark.fault(
    25,
    "Two clocks run: everything is done once",
    "a second clock and a second sweep worker, from a lost answer to the receipt",
)
def test_two_clocks(site: Site) -> None:
    site.house.start("clock_2")
    site.house.start("worker_sweeps_2")
    customers = site.customers_at_code(2)
    site.house.knob(operation="request", fault="drop_after", times=2)
    together([lambda each=each: each.say(each.code()) for each in customers])  # type: ignore[misc]
    site.ends(*customers)
    assert [site.asked(each, "request") for each in customers] == [1, 1]
    site.house.stop("clock_2", signal.SIGKILL)
    site.house.stop("worker_sweeps_2")


@pytest.mark.fault(
    27,
    "Twilio's token is rotated: both tokens are good for a while, and no message is lost",
    "web is started with a new token and the previous one; messages are signed by either, and by a"
    " third",
)
def test_a_rotated_token(site: Site) -> None:
    new = "test_auth_token_0002"
    customer = site.house.customer()
    customer.say("hello")
    site.restart("web", TWILIO_AUTH_TOKEN=new, TWILIO_AUTH_TOKEN_PREVIOUS=AUTH_TOKEN)
    assert customer.post("pay", token=AUTH_TOKEN) == 200
    customer.hears("booking reference")
    assert customer.post(customer.reference, token=new) == 200
    customer.hears("How much")
    assert customer.post("100", token="somebody else's") == 403
    site.restart("web")
    site.truth()
    assert not any("Which Omari number" in each for each in customer.replies())


@pytest.mark.fault(
    30,
    "A nudge is lost between queue and start; the same nudge twice; a job's time runs out between"
    " answer and commit: found by the sweep; one call; as a lost answer",
    "the queue's jobs are taken away; two nudges more; a job of 3 s whose commit waits for a lock"
    " that the test holds",
)
def test_nudges_and_jobs(site: Site, seen: Notes) -> None:
    lost, twice, slow = site.customers_at_code(3)
    site.house.stop("worker_payments")
    for customer in (lost, twice, slow):
        customer.say(customer.code())
    site.lose_nudges()
    for _ in range(2):
        site.nudge(twice.payments()[-1].id)
    site.nudge(slow.payments()[-1].id, seconds=3)
    site.pause("clock")  # its sweep would nudge the slow one again
    with site.session() as db:
        site.house.knob(operation="request", fault="slow", seconds=0.1)
        booking = slow.payments()[-1].booking_id
        site.house.knob(operation="request", fault="slow", seconds=1.5)
        site.house.start("worker_payments")
        site.wait("Omari has the code", lambda: site.asked(slow, "request") == 1)
        db.execute("SELECT FROM booking WHERE id = %s FOR UPDATE", [booking])
        site.wait(
            "the job's time runs out",
            lambda: "JobTimeout" in site.house.log_of("worker_payments"),
        )
        assert slow.payments()[-1].status == "confirming"
    site.go_on()
    site.ends(lost, twice, slow)
    assert [site.asked(each, "request") for each in (lost, twice, slow)] == [1, 1, 1]
    seen("the slow one went " + ", ".join(site.path(slow)[-2:]))


@pytest.mark.fault(
    13,
    "Somebody calls back in Omari's name, which has no callbacks: 404, nothing credited",
    "posts with the merchant key that say Success to /callbacks/omari, for a payment that waits",
)
def test_a_callback_in_the_name_of_omari(site: Site) -> None:
    (customer,) = site.customers_at_code()
    payment = customer.payments()[-1]
    forged = {"reference": str(payment.id), "status": "Success", "responseCode": "000"}
    for path in ("/callbacks/omari", "/callbacks/omari/1"):
        answer = requests.post(
            site.house.web_url + path,
            json={**forged, "paymentReference": "H7ABCDEFGH0123456789JKMNPQ"},
            headers={"X-Merchant-Key": "test_merchant_key_0001"},
            timeout=10,
        )
        assert answer.status_code == 404
    assert customer.payments()[-1].version == payment.version
    assert customer.receipts() == []
    customer.say(customer.code())
    site.ends(customer)


@pytest.mark.fault(
    36,
    "SIGTERM and then SIGKILL with fifty payments under way: each ends or has a due time",
    "fifty customers hand over their codes; the worker and web are told to stop and then killed",
)
def test_killed_with_fifty_payments_under_way(site: Site, seen: Notes) -> None:
    customers = site.customers_at_code(_IN_FLIGHT)
    codes = {each.phone: each.code() for each in customers}
    site.house.knob(operation="request", fault="slow", seconds=0.2, times=None)
    site.pause("worker_payments")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: each.say(codes[each.phone]), customers[5:]))
        paid = len(site.house.omari_book()["debits"])
        site.go_on()
        given = [pool.submit(each.say, codes[each.phone]) for each in customers[:5]]
        eventually("some are paid", lambda: len(site.house.omari_book()["debits"]) > paid + 2)
        statuses = [each.payments()[-1].status for each in customers]
        for name in ("worker_payments", "web"):
            site.house.send(name, signal.SIGTERM)
        for name in ("worker_payments", "web"):
            site.house.kill(name)
        again: list[str] = []
        eventually("both begin again", lambda: again.extend(site.house.revive()) or len(again) == 2)
        for each in given:
            each.result()
    stuck = "SELECT count(*) FROM payment WHERE next_check_at IS NULL AND status NOT IN"
    with site.session() as db:
        row = db.execute(
            f"{stuck} ('succeeded', 'failed', 'expired', 'cancelled')"  # noqa: S608
        ).fetchone()
    assert row == (0,)
    site.house.wait_ready()
    for customer in customers:
        if customer.payments()[-1].status == "awaiting_otp":
            customer.say(codes[customer.phone])  # Twilio gave up on this one meanwhile
    site.wait("all are over but what was never sent", lambda: _over_or_unsent(site, customers), 90)
    unsent = [each for each in customers if site.asked(each, "request") == 0]
    for customer in unsent:  # killed between the lease and the call, as in row 4
        site.house.end_omari_session(customer)
        site.arrives(customer, "expired")
    site.ends(*(each for each in customers if each not in unsent))
    seen(f"{len(unsent)} had not reached Omari yet, and ended with its session")
    seen(f"{statuses.count('confirming')} were with the worker when it was killed")
    seen(f"{sum('uncertain' in site.path(each) for each in customers)} were uncertain meanwhile")


def _over_or_unsent(site: Site, customers: list[Customer]) -> bool:
    """Whether each has paid, or is in doubt about a code that Omari never got."""
    for customer in customers:
        status = customer.payments()[-1].status
        unsent = status == "uncertain" and site.asked(customer, "request") == 0
        if status != "succeeded" and not unsent:
            return False
    return True
