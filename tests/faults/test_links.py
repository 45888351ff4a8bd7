"""Links are paid late, twice, or after they were given up."""

import pytest

from tests.domain.world import later
from tests.faults.links import BY_LINK, DAY_SECONDS, HOUR_SECONDS, TELL_US, Payer, open_links
from tests.faults.site import Site

pytestmark = [pytest.mark.timeout(180)]

_ALL = 500_000  # what a booking of these customers costs, in tiyn or paise
_PART = 150_000


@pytest.mark.fault(
    12,
    "A link is paid a moment after it ran out: succeeded, late",
    "Kaspi, PhonePe and Cashfree let the link run out and take the money then; at Kaspi, which says"
    " neither, the payment grows a day older and then an hour",
)
def test_paid_a_moment_after_its_end(site: Site) -> None:
    payers = open_links(site, *BY_LINK)
    for payer in payers:
        payer.expires()
    for payer in payers:
        payer.ends("expired")
        payer.customer.hears("not used in time")
        payer.pays_late()
    for payer in payers:
        payer.ends("succeeded")
    site.truth()
    for payer in payers:
        assert payer.told() == ["link_made", "expired", "late"]
        assert payer.money() == [("capture", _PART)]


@pytest.mark.fault(
    12,
    "A link is paid after its customer cancelled it: succeeded, late",
    "PhonePe and Cashfree void the link and take the money nevertheless; Kaspi's proxy cannot void",
)
def test_paid_after_cancel(site: Site) -> None:
    payers = open_links(site, *BY_LINK)
    for payer in payers:
        payer.customer.say("cancel")
    for payer in payers:
        if payer.provider == "kaspi":
            site.wait("it was heard", lambda p=payer: p.payment.cancel_requested_at)  # type: ignore[misc]
            payer.act("pay")
        else:
            payer.ends("cancelled")
            payer.pays_late()
    for payer in payers:
        payer.ends("succeeded")
        payer.customer.hears("arrived late")
    site.truth()
    assert [payer.money() for payer in payers] == [[("capture", _PART)]] * 3
    assert [payer.told()[-1] for payer in payers] == ["late"] * 3


@pytest.mark.fault(
    14,
    "An attempt fails, then another of the same order succeeds: succeeded",
    "PhonePe: a failed attempt, then a paid one; Cashfree: an amount whose first attempt fails",
)
def test_a_failed_attempt_and_then_a_paid_one(site: Site) -> None:
    (phonepe,) = open_links(site, "phonepe")
    (cashfree,) = open_links(site, "cashfree", amount="1500.51")
    phonepe.act("attempt")
    phonepe.act("pay")
    cashfree.act("pay")
    for payer in (phonepe, cashfree):
        payer.ends("succeeded")
    site.truth()
    assert phonepe.told() == cashfree.told() == ["link_made", "settled"]


@pytest.mark.fault(
    32,
    "Pending for two days, then success: credited",
    "an attempt at Cashfree stays pending, the payment grows two days older, which ends it here;"
    " then the attempt succeeds",
)
def test_pending_for_two_days(site: Site) -> None:
    (payer,) = open_links(site, "cashfree")
    payer.act("pending")
    later(payer.id, 2 * DAY_SECONDS)
    payer.ends("expired")
    payer.act("settle")
    payer.ends("succeeded")
    site.truth()
    assert payer.told() == ["link_made", "expired", "late"]
    assert payer.money() == [("capture", _PART)]


@pytest.mark.fault(
    32,
    "Success seven days after the end, the booking being paid by another link meanwhile: kept as a"
    " surplus, listed for refund, the customer is told",
    "all three providers; the first link runs out, a second one pays all; no callback comes for"
    " the first one's money, and its payment grows seven days older but for an hour",
)
def test_a_week_late(site: Site) -> None:
    firsts = open_links(site, *BY_LINK, amount="5000")
    for first in firsts:
        first.expires()
    seconds = []
    for first in firsts:
        first.ends("expired")
        seconds.append(first.again())
    for second in seconds:
        second.act("pay")
    for second in seconds:
        second.ends("succeeded")
    for provider in TELL_US:
        site.house.turn(provider, operation="webhook", fault="none", times=None)
    for first in firsts:
        first.pays_late()
        later(first.id, 7 * DAY_SECONDS - HOUR_SECONDS)
    for first in firsts:
        first.ends("succeeded")
    site.truth()
    for first, second in zip(firsts, seconds, strict=True):
        assert second.money() == [("capture", _ALL)]
        assert first.money() == [("surplus", _ALL)]
        assert first.payment.review == "surplus"
        assert first.told() == ["link_made", "expired", "surplus"]


@pytest.mark.fault(
    34,
    "Two successes under one order: a capture and a surplus, in either order, told twice or not",
    "PhonePe and Cashfree take the money twice under one order: the second after the first was"
    " credited; both at once, told the wrong way round; both, and each callback comes twice",
)
def test_two_successes_under_one_order(site: Site) -> None:
    payers = open_links(site, *(TELL_US * 3))
    after, reverse, twice = payers[:2], payers[2:4], payers[4:]
    for payer in after:
        payer.act("pay")
    for payer in after:
        payer.ends("succeeded")
        payer.act("pay", again=True)
    for fault, some in (("reversed", reverse), ("duplicate", twice)):
        for payer in some:
            times = 1 if fault == "reversed" else 2
            site.house.turn(payer.provider, operation="webhook", fault=fault, times=times)
            payer.act("pay")
            payer.act("pay", again=True)
    for payer in payers:
        site.wait("both are in the books", lambda p=payer: len(p.money()) == 2)  # type: ignore[misc]
    site.truth()
    for payer in payers:
        assert payer.money() == [("capture", _PART), ("surplus", _PART)]
        assert payer.payment.review == "surplus"
        assert payer.told() == ["link_made", "settled", "paid_again"]
        assert len(payer.customer.receipts()) == 2


@pytest.mark.fault(
    34,
    "Two links of one booking are paid, the first one's money first: a capture and a surplus",
    "the first link ran out and is paid late, while a second one for all of it stands open; that"
    " one is voided, where the provider can, and paid nevertheless",
)
def test_two_links_both_paid(site: Site) -> None:
    firsts = open_links(site, *BY_LINK, amount="5000")
    for first in firsts:
        first.expires()
    pairs: list[tuple[Payer, Payer]] = []
    for first in firsts:
        first.ends("expired")
        pairs.append((first, first.again()))
    for first, second in pairs:
        first.pays_late()
        first.ends("succeeded")
        if second.provider == "kaspi":
            second.act("pay")
        else:
            second.ends("cancelled")
            second.pays_late()
    for _, second in pairs:
        second.ends("succeeded")
    site.truth()
    for first, second in pairs:
        assert (first.money(), second.money()) == ([("capture", _ALL)], [("surplus", _ALL)])
        assert first.told() == ["link_made", "expired", "late"]
        assert second.told()[-1] == "surplus"
