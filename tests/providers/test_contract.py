"""The promises that every provider keeps, tried against its simulator, one test a promise."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.money import Money
from providers.answers import NOT_CONNECTED
from providers.contract import (
    Cancels,
    ConfirmsByOtp,
    EnterOtp,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Status,
)
from tests.providers.contract_harnesses import HARNESSES
from tests.providers.harness import PROTOCOLS, VERBS, Harness, checked

LACKING = [
    pytest.param(name, verb, id=f"{name} has no {verb}: {kind.lacks[verb]}")
    for name, (kind, _) in HARNESSES.items()
    for verb in PROTOCOLS
    if verb in kind.lacks
]


def test_an_adapter_is_a_provider(harness: Harness) -> None:
    provider = harness.provider(7.0)

    assert isinstance(provider, Provider)
    assert provider.name == harness.key
    charge = harness.charge()
    assert charge.amount.currency in provider.currencies
    terms = provider.terms(charge.payer_number)
    assert terms.call_seconds == 7.0
    assert (terms.otp_tries > 0) == isinstance(provider, ConfirmsByOtp)


@pytest.mark.parametrize(("name", "verb"), LACKING)
def test_a_verb_that_is_said_to_be_lacking_is_not_there(name: str, verb: str) -> None:
    with HARNESSES[name][1]() as harness:
        provider = harness.provider()
        if verb == "cancel" and isinstance(provider, Cancels):
            assert not provider.can_cancel(harness.begin(provider, harness.charge()))
        else:
            assert not isinstance(provider, PROTOCOLS[verb])


def test_every_other_verb_is_there(harness: Harness) -> None:
    provider = harness.provider()

    assert set(harness.lacks) < set(VERBS)
    for verb in set(PROTOCOLS) - set(harness.lacks):
        assert isinstance(provider, PROTOCOLS[verb]), verb


def test_start_says_what_the_customer_does_next_and_asks_once(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()

    act = provider.start(charge)

    assert isinstance(act, EnterOtp) == isinstance(provider, ConfirmsByOtp)
    assert act.call.http_status == 200
    assert len(act.call.digest) == 64
    assert harness.asked("start", charge) == 1
    assert harness.debits(charge) == []


def test_success_has_a_receipt_and_every_check_tells_the_same(harness: Harness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())

    paid = harness.complete(provider, charge)
    checks = [provider.check(charge) for _ in range(2)]

    assert paid.receipt
    for told in (paid, *checks):
        assert (told.status, told.receipt, told.also) == (Status.SUCCEEDED, paid.receipt, ())
    for told in checks:
        assert told.amount == (charge.amount if "amount" in harness.tells else None)
        assert told.reference == (charge.reference if "reference" in harness.tells else None)
    assert harness.debits(charge) == [charge.amount]


def test_no_two_payments_have_one_receipt(harness: Harness) -> None:
    provider = harness.provider()
    charges = [harness.begin(provider, harness.charge())]
    receipts = [harness.complete(provider, charges[0]).receipt]
    charges.append(harness.begin(provider, harness.charge()))
    receipts.append(harness.complete(provider, charges[1]).receipt)

    assert receipts[0] != receipts[1]
    assert [provider.check(charge).receipt for charge in charges] == receipts


def test_a_started_payment_stands_open(harness: Harness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())

    assert provider.check(charge).status is Status.OPEN
    assert harness.debits(charge) == []


def test_a_payment_that_nobody_made_is_not_found(harness: Harness) -> None:
    charge = harness.charge("unknown")

    assert harness.provider().check(charge).status is Status.NOT_FOUND
    assert harness.asked("check", charge) >= 1


def test_refused_means_that_nothing_was_taken(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge("refused")

    with pytest.raises(ProviderRefused) as refused:
        harness.complete(provider, harness.begin(provider, charge))

    assert refused.value.call.http_status is not None
    assert harness.debits(charge) == []


@pytest.mark.parametrize("odd", ["nothing", "less than nothing", "foreign money"])
def test_what_the_provider_cannot_take_is_refused_unasked(harness: Harness, odd: str) -> None:
    provider, charge = harness.provider(), harness.charge()
    ours = charge.amount.currency
    foreign = next(each for each in ("USD", "KZT") if each not in provider.currencies)
    amounts = {
        "nothing": Money(0, ours),
        "less than nothing": Money(-500, ours),
        "foreign money": Money(50_000, foreign),
    }

    with pytest.raises(ProviderRefused) as refused:
        provider.start(replace(charge, amount=amounts[odd]))

    assert refused.value.call.http_status is None
    assert harness.asked("start", charge) == 0


def test_fields_that_we_do_not_know_are_ignored(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    for verb in ("start", *(["confirm"] if "confirm" in harness.wire else []), "check"):
        harness.turn(verb, "field")

    charge = harness.begin(provider, charge)
    assert harness.complete(provider, charge).status is Status.SUCCEEDED
    assert provider.check(charge).status is Status.SUCCEEDED


def test_not_found_for_a_while_is_told_as_it_is_and_then_the_truth(harness: Harness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())
    harness.complete(provider, charge)
    harness.turn("check", "not_found", seconds=1.0)

    assert provider.check(charge).status is Status.NOT_FOUND
    assert checked(harness, charge, Status.SUCCEEDED).receipt


def test_the_same_reference_twice_never_takes_twice(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    first = harness.begin(provider, charge)
    if harness.keyless:
        # The exemption is real: where this fails, there is a key by now, and the line can go.
        assert harness.begin(provider, charge).provider_reference != first.provider_reference
        return
    harness.complete(provider, first)

    # Uncertain, or told once more of what is there already.
    try:
        again = harness.begin(provider, charge)
    except ProviderUncertain:
        again = first
    assert again.provider_reference == first.provider_reference
    if isinstance(provider, ConfirmsByOtp):
        with pytest.raises(ProviderUncertain):
            harness.complete(provider, charge)

    assert checked(harness, first, Status.SUCCEEDED)
    assert harness.debits(charge) == [charge.amount]


def test_where_nothing_listens_nothing_was_sent(harness: Harness) -> None:
    nowhere, charge = harness.nowhere(), harness.charge("unknown")

    for ask in (lambda: nowhere.check(charge), nowhere.probe):
        with pytest.raises(ProviderUncertain) as uncertain:
            ask()
        assert uncertain.value.call.code == NOT_CONNECTED
        assert uncertain.value.call.http_status is None
    # A write of which it is sure that it was never sent may be refused as well.
    with pytest.raises(ProviderError) as unsent:
        nowhere.start(charge)
    assert unsent.value.call.code == NOT_CONNECTED
    assert unsent.value.call.http_status is None


def test_who_has_other_keys_gets_nothing(harness: Harness) -> None:
    charge, before = harness.charge(), harness.book()

    with pytest.raises(ProviderError):
        harness.stranger().start(charge)

    after = harness.book()
    for part in ("payments", "auths", "debits"):
        assert after.get(part) == before.get(part)


def test_a_probe_says_that_the_provider_is_there_and_leaves_no_trace(harness: Harness) -> None:
    before = harness.book()

    call = harness.provider().probe()

    after = harness.book()
    assert call.http_status is not None
    assert [before.get(part) for part in ("payments", "debits", "refunds")] == [
        after.get(part) for part in ("payments", "debits", "refunds")
    ]


def test_one_adapter_serves_many_threads(harness: Harness) -> None:
    provider = harness.provider()
    charges = [harness.charge() for _ in range(12)]

    with ThreadPoolExecutor(6) as threads:
        begun = list(threads.map(lambda charge: harness.begin(provider, charge), charges))
        checks = list(threads.map(provider.check, begun))

    assert [told.status for told in checks] == [Status.OPEN] * 12
    assert [harness.asked("start", charge) for charge in charges] == [1] * 12
    known = {charge.provider_reference for charge in begun}
    assert len(known) == (1 if isinstance(provider, ConfirmsByOtp) else 12)
