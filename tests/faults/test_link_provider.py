"""Kaspi, PhonePe and Cashfree misbehave: answers that are lost, late, negative, odd, or never
come.
"""

import pytest

from tests.domain.world import later
from tests.faults.books import calls
from tests.faults.conftest import Notes
from tests.faults.links import (
    ASKING,
    BY_LINK,
    HOUR_SECONDS,
    MAKING,
    TELL_US,
    Payer,
    ask_for_link,
    ask_for_links,
    open_links,
)
from tests.faults.site import Site
from tests.journey.test_links import ROADS

pytestmark = [pytest.mark.timeout(180)]

_LINK_IS_DEAD_SECONDS = 400  # after which "not found" counts for a link of Kaspi
_BEGUN = ("created", "starting", "uncertain")
_ODD = ("word", "field", "html", "huge", "charset")


def spoil(
    site: Site, operations: dict[str, str], providers: tuple[str, ...], **wish: object
) -> None:
    """The same fault at each of these providers."""
    for provider in providers:
        site.house.turn(provider, operation=operations[provider], **wish)


def no_callbacks(site: Site) -> None:
    """Nobody tells us anything: we have to ask."""
    for provider in TELL_US:
        site.house.turn(provider, operation="webhook", fault="none", times=None)


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(
            {"fault": "drop_after"},
            marks=pytest.mark.fault(
                1,
                "Kaspi, PhonePe, Cashfree make a link and the answer is lost: not sure, then"
                " ended, because nobody has the link; the customer gets another and pays once",
                "the simulator makes the link, then resets the connection; at Kaspi the time passes"
                " after which the link is dead",
            ),
            id="lost",
        ),
        pytest.param(
            {"fault": "status"},
            marks=pytest.mark.fault(
                2,
                "Kaspi, PhonePe, Cashfree answer 502 to the making of a link and did nothing: not"
                " sure, then ended by two words that it is not there; another is made and paid",
                "502 in place of the link",
            ),
            id="nothing_done",
        ),
        pytest.param(
            {"fault": "slow_after", "seconds": 2.5},
            marks=pytest.mark.fault(
                3,
                "Kaspi, PhonePe, Cashfree make a link and answer after our time is over: as a lost"
                " answer",
                "the answer comes half a second after our limit",
            ),
            id="late",
        ),
    ],
)
def test_a_link_is_not_answered(site: Site, wish: dict[str, object]) -> None:
    made = {provider: calls(site.house, provider, MAKING[provider]) for provider in BY_LINK}
    spoil(site, MAKING, BY_LINK, **wish)
    payers = ask_for_links(site, *BY_LINK)
    for payer in payers:
        payer.customer.hears("has not confirmed your payment")
    kaspi = payers[0]
    later(kaspi.id, _LINK_IS_DEAD_SECONDS)
    for payer in payers:
        payer.ends("failed")
        assert calls(site.house, payer.provider, MAKING[payer.provider]) == made[payer.provider] + 1
        payer.customer.hears("Nothing was taken")
        ask_for_link(ROADS[payer.provider], payer.customer, "1500")
    again = [payer.newer() for payer in payers]
    for payer in again:
        payer.act("pay")
    for payer in again:
        payer.ends("succeeded")
    site.truth()
    for first, second in zip(payers, again, strict=True):
        assert first.told() == ["uncertain", "failed"]
        assert first.money() == []
        assert second.told() == ["link_made", "settled"]


def pays_unheard(site: Site, payers: list[Payer], fewest: int) -> int:
    """The customers pay, and the providers are asked until they say so. Returns how often."""
    before = sum(calls(site.house, name, ASKING[name]) for name in BY_LINK)
    for payer in payers:
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
    site.truth()
    for payer in payers:
        assert payer.told() == ["link_made", "settled"]
    questions = sum(calls(site.house, name, ASKING[name]) for name in BY_LINK) - before
    assert questions >= fewest
    return questions


@pytest.mark.fault(
    1,
    "The answer to a question is lost, at Kaspi, PhonePe and Cashfree: asked again, credited once,"
    " told once",
    "the customers have paid and no callback comes; the first questions are cut, answered by"
    " silence and by 502",
)
def test_a_question_is_not_answered(site: Site, seen: Notes) -> None:
    payers = open_links(site, *BY_LINK)
    no_callbacks(site)
    for fault in ("drop_after", "silent", "status"):
        spoil(site, ASKING, BY_LINK, fault=fault)
    seen(f"{pays_unheard(site, payers, 12)} questions")


@pytest.mark.fault(
    23,
    "Unknown words, unknown fields, a page instead of JSON, 10 MB, a wrong charset from Kaspi,"
    " PhonePe and Cashfree: never a crash, never success or failure by them",
    "each answers questions about a paid link in each of these ways, and then properly",
)
def test_questions_answered_oddly(site: Site, seen: Notes) -> None:
    payers = open_links(site, *BY_LINK)
    no_callbacks(site)
    for fault in _ODD:
        spoil(site, ASKING, BY_LINK, fault=fault)
    questions = pays_unheard(site, payers, 3)
    assert site.house.revive() == []
    seen(f"{questions} questions; no process ended")


@pytest.mark.fault(
    23,
    "The making of a link is answered with an unknown word, a page, 10 MB or a wrong charset:"
    " not sure or not made, never a link that we did not read, never paid",
    "four customers at once, PhonePe and Cashfree in turn, each answered in another way",
)
def test_links_made_oddly(site: Site, seen: Notes) -> None:
    faults = ("html", "huge", "charset", "word")
    names = ("phonepe", "cashfree", "phonepe", "cashfree")
    for name, fault in zip(names, faults, strict=True):
        site.house.turn(name, operation=MAKING[name], fault=fault)
    payers = ask_for_links(site, *names)
    for payer in payers:
        site.wait("it is decided", lambda p=payer: p.payment.status not in _BEGUN)  # type: ignore[misc]
    for payer in payers:
        payer.customer.say("cancel")
    site.truth()
    assert site.house.revive() == []
    assert [payer.money() for payer in payers] == [[]] * len(payers)
    seen("no process ended")


@pytest.mark.fault(
    31,
    "Kaspi, PhonePe and Cashfree say that they know of no such payment, for a while, then that it"
    " succeeded: credited",
    "every question about a paid link is answered with not found for 4 s; no callback comes",
)
def test_not_found_and_then_success(site: Site, seen: Notes) -> None:
    payers = open_links(site, *BY_LINK)
    no_callbacks(site)
    spoil(site, ASKING, BY_LINK, fault="not_found", seconds=4)
    seen(f"{pays_unheard(site, payers, 6)} questions")


@pytest.mark.fault(
    33,
    "The questions of Kaspi, PhonePe and Cashfree are down for long: nothing moves, checks go on,"
    " each pauses itself and is taken up again once it answers; what was paid is credited",
    "every question answers 503; the payments grow half an hour older; a provider pauses itself"
    " after 3 calls in a row (in place of 5), and is probed from one second on",
)
def test_questions_are_down(site: Site, seen: Notes) -> None:
    site.restart("worker_payments", PAUSE_AFTER_FAILURES="3", PROBE_SECONDS="1")
    payers = open_links(site, *BY_LINK)
    no_callbacks(site)
    spoil(site, ASKING, BY_LINK, fault="status", status=503, times=None)
    for payer in payers:
        payer.act("pay")
    site.wait("all three are paused", lambda: len(_paused(site)) == len(BY_LINK))
    before = {name: calls(site.house, name, ASKING[name]) for name in BY_LINK}
    for payer in payers:
        later(payer.id, HOUR_SECONDS / 2)
    for name in BY_LINK:
        site.wait(
            "checks go on",
            lambda n=name: calls(site.house, n, ASKING[n]) >= before[n] + 2,  # type: ignore[misc]
        )
    assert [payer.payment.status for payer in payers] == ["awaiting_customer"] * len(payers)
    assert [payer.money() for payer in payers] == [[]] * len(payers)
    site.heal()
    for payer in payers:
        payer.ends("succeeded")
    site.wait("they take payments", lambda: _paused(site) == set())
    site.truth()
    site.restart("worker_payments")
    seen("all three were paused, and none of the three at the end")


def _paused(site: Site) -> set[str]:
    """The link providers that paused themselves."""
    with site.session() as db:
        rows = db.execute(
            "SELECT scope FROM switch WHERE paused_at IS NOT NULL AND paused_by = 'itself'"
        )
        return {row[0].removeprefix("provider:") for row in rows}
