"""Omari misbehaves: answers that are lost, late, negative, odd, or never come."""

import pytest

from tests.domain.world import later
from tests.faults.conftest import Notes
from tests.faults.site import Site, together
from tests.faults.test_messages import rows
from tests.journey.customer import Customer

pytestmark = [pytest.mark.timeout(180)]

_LOST = ("uncertain", "succeeded")


def pays_after_a_lost_answer(site: Site, count: int = 1) -> None:
    """Customers hand over their codes; each is told that it is not sure yet, then is paid."""
    customers = site.customers_at_code(count)
    together([lambda each=each: each.say(each.code()) for each in customers])  # type: ignore[misc]
    site.ends(*customers)
    for customer in customers:
        assert tuple(site.path(customer)[-2:]) == _LOST
        assert site.asked(customer, "request") == 1, "a code is handed over once"


@pytest.mark.fault(
    1,
    "Omari takes the money and its answer is lost: asked about, credited once, told once",
    "Omari debits, then resets the connection; another time it debits and says nothing until our"
    " time is over; another time the proxy delivers the request and swallows the answer",
)
def test_the_answer_is_lost(site: Site) -> None:
    site.house.knob(operation="request", fault="drop_after")
    site.house.knob(operation="request", fault="silent_after")
    pays_after_a_lost_answer(site, 2)
    cut = site.omari.cut_at(b'"otp"')
    pays_after_a_lost_answer(site)
    assert cut.done.is_set()


@pytest.mark.fault(
    2,
    "Omari answers 502 and did nothing: not sure, then ended by its definite word, nothing"
    " credited",
    "502 to the request for a code, of which Omari then knows nothing; 502 to the code itself, and"
    " Omari's session ends",
)
def test_a_bad_gateway_that_did_nothing(site: Site) -> None:
    site.house.knob(operation="auth", fault="status")
    early = site.house.customer()
    early.pay_until_code()
    (late,) = site.customers_at_code()
    site.house.knob(operation="request", fault="status")
    late.say(late.code())
    site.wait("it is uncertain", lambda: "uncertain" in site.path(late))
    site.house.end_omari_session(late)
    site.arrives(early, "failed")
    site.ends(late, status="expired")
    assert "uncertain" in site.path(early)
    assert early.receipts() == late.receipts() == []


@pytest.mark.fault(
    3,
    "Omari answers after our time is over: as a lost answer",
    "Omari debits at once and answers one second after our limit",
)
def test_the_answer_comes_too_late(site: Site) -> None:
    site.house.knob(operation="request", fault="slow_after", seconds=3)
    pays_after_a_lost_answer(site)


@pytest.mark.fault(
    9,
    "A wrong code and then the right one; wrong codes until the tries end: as said, one debit"
    " or none",
    "one wrong code and the right one; three wrong codes",
)
def test_wrong_codes(site: Site) -> None:
    once, never = site.customers_at_code(2)
    for customer, wrong in ((once, 1), (never, 3)):
        code = customer.code()
        for tries in range(wrong):
            customer.say("000000" if code != "000000" else "111111")
            site.wait(
                "the wrong code is told",
                lambda c=customer, t=tries: (
                    site.asked(c, "request") == t + 1  # type: ignore[misc]
                    and c.payments()[-1].status != "confirming"
                ),
            )
    once.say(once.code())
    site.ends(once)
    site.ends(never, status="failed")
    assert (site.asked(once, "request"), site.asked(never, "request")) == (2, 3)


@pytest.mark.fault(
    10,
    "The code after its time or after cancel: refused kindly, never sent to Omari; twice: sent"
    " once",
    "the time moved into the past; the same code in two messages; cancel, then the code",
)
def test_codes_that_must_not_be_used(site: Site) -> None:
    late, twice, cancelled = site.customers_at_code(3)
    later(late.payments()[-1].id, 400)
    site.wait("it is expired", lambda: late.payments()[-1].status == "expired")
    site.truth()
    late.say(late.code())
    late.hears("not used the code")
    together([lambda: twice.say(twice.code())] * 2)
    site.ends(twice)
    cancelled.say("cancel")
    site.wait("it is cancelled", lambda: cancelled.payments()[-1].status == "cancelled")
    cancelled.say(cancelled.code())
    cancelled.hears("not used the code")
    site.truth()
    asked = [site.asked(each, "request") for each in (late, twice, cancelled)]
    assert asked == [0, 1, 0]


@pytest.mark.fault(
    11,
    "Cancel while Omari checks the code: refused, and the outcome follows",
    "Omari takes 1.5 s for the code; cancel comes meanwhile",
)
def test_cancel_while_confirming(site: Site) -> None:
    (customer,) = site.customers_at_code()
    site.house.knob(operation="request", fault="slow", seconds=1.5)
    customer.say(customer.code())
    customer.say("cancel")
    customer.hears("Too late to cancel")
    site.ends(customer)


@pytest.mark.fault(
    23,
    "Unknown words, unknown fields, a page instead of JSON, 10 MB, a wrong charset: not sure, never"
    " a crash, never success unasked",
    "six customers at once, each answered in another way; then a query with an unknown word",
)
def test_answers_that_are_not_understood(site: Site, seen: Notes) -> None:
    faults = ("word", "field", "html", "huge", "charset", "drip")
    customers = site.customers_at_code(len(faults))
    for fault in faults:
        site.house.knob(operation="request", fault=fault)
    site.house.knob(operation="query", fault="word", times=2)
    site.house.knob(operation="query", fault="html", times=2)
    together([lambda each=each: each.say(each.code()) for each in customers])  # type: ignore[misc]
    site.ends(*customers)
    assert [site.asked(each, "request") for each in customers] == [1] * len(faults)
    lost = [each for each in customers if "uncertain" in site.path(each)]
    assert len(lost) == len(faults) - 1, "only the unknown field is understood at once"
    assert all(each in site.house.running() for each in ("web", "worker_payments"))
    assert site.house.revive() == []
    seen(f"{len(lost)} of {len(faults)} were asked about; no process ended")


@pytest.mark.fault(
    31,
    "Omari says that it knows of no such payment, for a while, then that it succeeded: credited",
    "the debit's answer is lost and Omari answers every query with not found for 3 s, which is less"
    " than the time before such a word counts",
)
def test_not_found_and_then_success(site: Site) -> None:
    (customer,) = site.customers_at_code()
    site.house.knob(operation="request", fault="drop_after")
    site.house.knob(operation="query", fault="not_found", seconds=3)
    customer.say(customer.code())
    site.ends(customer)
    assert site.asked(customer, "query") > 1
    assert "failed" not in site.path(customer)


@pytest.mark.fault(
    33,
    "Omari's query is down: nothing moves, checks go on, and the end comes when it is back",
    "queries answer 500 for some seconds after a lost answer",
)
def test_the_query_is_down(site: Site, seen: Notes) -> None:
    (customer,) = site.customers_at_code()
    site.house.knob(operation="request", fault="drop_after")
    site.house.knob(operation="query", fault="status", status=500, times=None)
    customer.say(customer.code())
    site.wait("several checks", lambda: site.asked(customer, "query") >= 3)
    assert customer.payments()[-1].status == "uncertain"
    assert customer.receipts() == []
    site.heal()
    site.ends(customer)
    seen(f"{site.asked(customer, 'query')} queries")


_HALF_AN_HOUR = 1_800


@pytest.mark.fault(
    33,
    "Omari's query is down for long: nothing moves, checks go on, new payments with it are paused"
    " kindly, and taken again once it answers",
    "a lost answer, then every query answers 503; the payment grows half an hour older; Omari"
    " pauses itself after 3 calls in a row (in place of 5), and is probed from one second on",
)
def test_a_provider_pauses_itself(site: Site, seen: Notes) -> None:
    site.restart("worker_payments", PAUSE_AFTER_FAILURES="3", PROBE_SECONDS="1")
    (customer,) = site.customers_at_code()
    site.house.knob(operation="request", fault="drop_after")
    site.house.knob(operation="query", fault="status", status=503, times=None)
    customer.say(customer.code())
    site.wait("Omari is paused", lambda: _pauses(site) == ["itself"])
    newcomer = site.house.customer()
    _try_to_pay(site, newcomer)
    assert newcomer.payments() == []
    before = site.asked(customer, "query")
    later(customer.payments()[-1].id, _HALF_AN_HOUR)
    site.wait("checks go on", lambda: site.asked(customer, "query") >= before + 2)
    assert customer.payments()[-1].status == "uncertain"
    assert customer.receipts() == []
    site.heal()
    site.wait("Omari takes payments", lambda: _pauses(site) == [])
    site.ends(customer)
    newcomer.pay_until_code()
    newcomer.hears("PIN")
    newcomer.say(newcomer.code())
    site.ends(newcomer)
    site.restart("worker_payments")
    checks = site.asked(customer, "query")
    seen(f"{checks} queries; the newcomer was told that it is paused, and paid afterwards")


def _pauses(site: Site) -> list[str]:
    """Who paused Omari: nobody, or one."""
    with site.session() as db:
        query = (
            "SELECT paused_by FROM switch WHERE scope = 'provider:omari' AND paused_at IS NOT NULL"
        )
        return [row[0] for row in db.execute(query)]


def _try_to_pay(site: Site, customer: Customer) -> None:
    """Up to the reply that says that it is paused."""
    customer.say("pay")
    customer.hears("booking reference")
    customer.say(customer.reference)
    site.wait(
        "it is said to be paused",
        lambda: (rows(customer, "out")[-1].phrase or "").startswith(
            ("pay.paused.", "pay.refused.paused")
        ),
    )
