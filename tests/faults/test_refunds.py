"""Money on its way back: the one call that is not answered, or that two people want to make."""

import re
from uuid import UUID

import pytest

from domain.refunds import Finding, NotRefunded, Why
from tests.faults.books import calls
from tests.faults.conftest import Notes
from tests.faults.links import BY_LINK, TELL_US, at_once, open_links, paid_links
from tests.faults.refunds import ANNA, BEN, Back, approved, ask, staff_id
from tests.faults.site import Site
from tests.faults.test_link_provider import spoil

pytestmark = [pytest.mark.timeout(180)]

_PART = 150_000
_GIVEN = Finding.GIVEN_BACK
REFUNDING = {"kaspi": "refund", "phonepe": "refund", "cashfree": "create_refund"}


@pytest.mark.fault(
    22,
    "A refund is answered by silence, or by an empty 200 (Kaspi's proxy, which cannot be asked):"
    " uncertain, to a person, sent once",
    "Kaspi gives the money back and says nothing; it gives it back and answers with nothing; it"
    " answers with nothing and gives nothing back; two people conclude it from Kaspi's own books",
)
def test_a_refund_that_nobody_can_ask_about(site: Site, seen: Notes) -> None:
    payers = paid_links(open_links(site, "kaspi", "kaspi", "kaspi"))
    before = calls(site.house, "kaspi", "refund")
    site.house.turn("kaspi", operation="refund", fault="silent_after")
    backs = [approved(site.house, payers[0].payment, _PART)]
    backs[0].becomes("uncertain")
    site.house.turn("kaspi", operation="refund", fault="word", word="")
    backs.append(approved(site.house, payers[1].payment, _PART))
    backs[1].becomes("uncertain")
    backs.append(
        approved(site.house, payers[2].payment, 100_014)
    )  # the amount that Kaspi drops without a word
    backs[2].becomes("uncertain")
    for back in backs:
        assert back.row.review == "uncertain_refund"
        assert back.row.next_check_at is None, "a person looks, not a clock"
    assert calls(site.house, "kaspi", "refund") == before + 3
    for back, finding in zip(backs, (_GIVEN, _GIVEN, Finding.NOT_GIVEN_BACK), strict=True):
        back.conclude(finding)
    assert [back.row.status for back in backs] == ["succeeded", "succeeded", "failed"]
    site.truth()
    assert calls(site.house, "kaspi", "refund") == before + 3
    assert [payer.money()[1:] for payer in payers] == [
        [("refund", _PART)],
        [("refund", _PART)],
        [],
    ]
    seen("3 refunds, 3 calls, 3 for a person")


@pytest.mark.fault(
    22,
    "Two admins want the same money back at once: one refund, one call",
    "two commands ask for all of a payment at once; then the other one's approval by two"
    " commands at once; Kaspi takes a second",
)
def test_two_admins_at_once(site: Site, seen: Notes) -> None:
    (payer,) = paid_links(open_links(site, "kaspi"))
    staff_id(ANNA), staff_id(BEN)
    before = calls(site.house, "kaspi", "refund")
    site.house.turn("kaspi", operation="refund", fault="slow", seconds=1)
    whole = ("refunds", "request", str(payer.id), "1500.00", "--reason", "called off", "--by")
    asked = at_once(lambda email: site.house.flask(*whole, email), (ANNA, BEN))
    assert sorted(each.returncode for each in asked) == [0, 1]
    assert any("more than is left" in each.stderr for each in asked)
    first = 0 if asked[0].returncode == 0 else 1
    found = re.search(r"[0-9a-f-]{36}", asked[first].stdout)
    assert found is not None
    back = Back(site.house, payer.id, UUID(found[0]))
    other = (BEN, ANNA)[first]
    agree = ("refunds", "approve", str(back.id), "--by")
    agreed = at_once(lambda email: site.house.flask(*agree, email), (other, other))
    assert [each.returncode for each in agreed] == [0, 0]
    back.becomes("succeeded")
    late = ask(payer.payment, 100)
    assert isinstance(late, NotRefunded)
    assert late.why is Why.ABOVE_LEFT
    payer.customer.hears("back to you")
    site.truth()
    assert calls(site.house, "kaspi", "refund") == before + 1
    assert payer.money() == [("capture", _PART), ("refund", _PART)]
    seen("the second admin was told that it is more than is left")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            "drop_after",
            marks=pytest.mark.fault(
                1,
                "PhonePe and Cashfree give money back and the answer is lost: uncertain, asked,"
                " given back once, told once",
                "the refund is made, then the connection is reset; time passes until we ask",
            ),
        ),
        pytest.param(
            "status",
            marks=pytest.mark.fault(
                2,
                "PhonePe and Cashfree answer 502 to a refund and did nothing: uncertain, then"
                " failed by two words that it is not there; never sent again by itself",
                "502 in place of the refund; time passes until we ask",
            ),
        ),
        pytest.param(
            "slow_after",
            marks=pytest.mark.fault(
                3,
                "PhonePe and Cashfree give money back and answer after our time is over: as a lost"
                " answer",
                "the answer comes a second after our limit",
            ),
        ),
    ],
)
def test_a_refund_is_not_answered(site: Site, fault: str) -> None:
    payers = paid_links(open_links(site, *TELL_US))
    for provider in TELL_US:
        site.house.turn(provider, operation="webhook", fault="none", times=None)
    before = {name: calls(site.house, name, REFUNDING[name]) for name in TELL_US}
    spoil(site, REFUNDING, TELL_US, fault=fault, seconds=3)
    backs = [approved(site.house, payer.payment, _PART) for payer in payers]
    for back in backs:
        back.becomes("uncertain")
    end = "failed" if fault == "status" else "succeeded"
    for back in backs:
        back.concludes(end)
    site.truth()
    for payer in payers:
        name = payer.provider
        assert calls(site.house, name, REFUNDING[name]) == before[name] + 1
        refunded = [("refund", _PART)] if end == "succeeded" else []
        assert payer.money()[1:] == refunded
        assert payer.told().count("refunded") == len(refunded)


@pytest.mark.fault(
    23,
    "A refund is answered with an unknown word, a page, 10 MB or a wrong charset: uncertain; then"
    " given back by a word that we know, or to a person; never sent twice",
    "one refund at each of Kaspi, PhonePe and Cashfree for each fault; Kaspi's are concluded by two"
    " people",
)
def test_refunds_answered_oddly(site: Site, seen: Notes) -> None:
    faults = ("word", "html", "huge", "charset")
    payers = paid_links(open_links(site, *BY_LINK, amount="2000"))
    before = {name: calls(site.house, name, REFUNDING[name]) for name in BY_LINK}
    for fault in faults:
        spoil(site, REFUNDING, BY_LINK, fault=fault)
        backs = [approved(site.house, payer.payment, 10_000) for payer in payers]
        for payer, back in zip(payers, backs, strict=True):
            back.becomes("uncertain", "succeeded", "pending")
            assert "refund_uncertain" in back.path(), f"{payer.provider} {fault}"
            if payer.provider == "kaspi":
                back.conclude(Finding.GIVEN_BACK)
            back.concludes("succeeded")
    site.truth()
    for payer in payers:
        name = payer.provider
        assert calls(site.house, name, REFUNDING[name]) == before[name] + len(faults)
    assert site.house.revive() == []
    seen("each uncertain first, each given back once; no process ended")
