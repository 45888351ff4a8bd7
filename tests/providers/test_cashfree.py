"""Cashfree's adapter: every word, answers that are not as they should be, what is never sent."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from providers.cashfree import ENTRY, Cashfree, CashfreeSettings
from providers.contract import (
    Cancels,
    Charge,
    Outcome,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Receipt,
    Status,
)
from providers.entry import Surroundings, Timeouts, WayKind
from providers.notices import ReadsNotices
from providers.refunds import FollowsRefunds, RefundOrder, Refunds, RefundStatus
from tests.providers.servers import Play, Wire, always, http, wire
from tests.providers.shelf import MemoryShelf

REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
HEX = REFERENCE.replace("-", "")
CHARGE = Charge(REFERENCE, Money(15_000, "INR"), None, "Order 42", customer_phone="919876512345")
LINK = {
    "cf_link_id": "1996567",
    "link_id": HEX,
    "link_status": "ACTIVE",
    "link_currency": "INR",
    "link_amount": 150.0,
    "link_amount_paid": 0,
    "link_url": "https://payments-test.cashfree.com/links/o1",
    "link_expiry_time": "2026-11-22T16:15:00+05:30",
}
PAID = LINK | {"link_status": "PAID", "link_amount_paid": 150.0}
ORDERS = [{"order_id": "ORD-1", "link_id": HEX, "order_status": "PAID"}]
PAYMENT = {
    "cf_payment_id": "12376123",
    "order_id": "ORD-1",
    "is_captured": True,
    "payment_amount": 150.0,
    "payment_currency": "INR",
    "payment_status": "SUCCESS",
    "payment_completion_time": "2026-11-21T16:16:40+05:30",
}
REFUND = "5a7b7b1e-1d2c-4f3a-8b9c-0d1e2f3a4b5c"
REFUND_ORDER = RefundOrder(
    REFUND, CHARGE, "12376123", Money(5_000, "INR"), Money(0, "INR"), "tour off"
)
REFUNDED = {
    "cf_payment_id": "12376123",
    "cf_refund_id": "1553338",
    "refund_id": REFUND.replace("-", ""),
    "refund_amount": 50.0,
    "refund_currency": "INR",
    "refund_status": "SUCCESS",
}


def saying(*answers: object) -> Play:
    """The answers one after the other, the last one for ever."""
    left = list(answers)

    def play(connection: socket.socket) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(http(200, json.dumps(answer).encode()))

    return play


def cashfree(server: Wire, **changes: object) -> Cashfree:
    given = {"base_url": server.url, "call_seconds": 10.0}
    return Cashfree(CashfreeSettings("TEST", "app", "secret-key", **(given | changes)))


def checked(*answers: object) -> Outcome | ProviderError:
    with wire(saying(*answers)) as server:
        try:
            return cashfree(server).check(CHARGE)
        except ProviderError as error:
            return error


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ACTIVE", Status.OPEN),
        ("PARTIALLY_PAID", Status.OPEN),
        ("EXPIRED", Status.EXPIRED),
        ("CANCELLED", Status.CANCELLED),
        ("PAID", None),  # paid, and nothing that paid it
        ("active", None),
        ("SUSPENDED", None),
        ("", None),
        (None, None),
        (["PAID"], None),
    ],
)
def test_the_words_of_a_link_that_nobody_paid(word: object, status: Status | None) -> None:
    answer = checked(LINK | {"link_status": word}, [])

    if status is None:
        assert type(answer) is ProviderUncertain
    else:
        assert isinstance(answer, Outcome)
        assert (answer.status, answer.receipt, answer.reference) == (status, None, REFERENCE)
        assert answer.amount == Money(15_000, "INR")


@pytest.mark.parametrize("link", ["ACTIVE", "EXPIRED", "CANCELLED", "PAID"])
@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("SUCCESS", Status.SUCCEEDED),
        ("PENDING", Status.OPEN),
        ("FAILED", None),
        ("USER_DROPPED", None),
        ("CANCELLED", None),
        ("VOID", None),
        ("NOT_ATTEMPTED", None),
    ],
)
def test_the_words_of_an_attempt(link: str, word: str, meaning: Status | None) -> None:
    """`None`: the attempt brought nothing, and the link's own word counts."""
    answer = checked(LINK | {"link_status": link}, ORDERS, [PAYMENT | {"payment_status": word}])

    if link == "ACTIVE":
        expected = Status.OPEN  # nothing was paid, so nothing else is asked
    elif link == "PAID" and meaning is not Status.SUCCEEDED:
        assert type(answer) is ProviderUncertain
        return
    else:
        expected = meaning or Status(link.lower())
    assert isinstance(answer, Outcome)
    assert answer.status is expected


@pytest.mark.parametrize(
    "payment",
    [
        {"payment_status": "REVERSED"},
        {"payment_status": None},
        {"cf_payment_id": None},
        {"cf_payment_id": True},
        {"cf_payment_id": "two words"},
        {"cf_payment_id": ["1"]},
        {"order_id": "ORD-2"},
        {"is_captured": False},
        {"payment_amount": None},
        {"payment_amount": 0},
        {"payment_amount": -150},
        {"payment_amount": 150.005},
        {"payment_amount": 1e300},
        {"payment_amount": "1_50"},
        {"payment_amount": True},
        {"payment_currency": None},
        {"payment_currency": "EUR"},
        {"payment_currency": 356},
    ],
    ids=str,
)
def test_a_success_in_which_anything_is_odd_is_uncertain(payment: dict[str, object]) -> None:
    assert isinstance(checked(PAID, ORDERS, [PAYMENT]), Outcome)
    assert type(checked(PAID, ORDERS, [PAYMENT | payment])) is ProviderUncertain


@pytest.mark.parametrize(
    "answers",
    [
        (PAID | {"link_amount_paid": None}, ORDERS, [PAYMENT]),
        (PAID | {"link_amount_paid": "much"}, ORDERS, [PAYMENT]),
        (PAID | {"link_id": 12}, ORDERS, [PAYMENT]),
        (PAID | {"link_id": None}, ORDERS, [PAYMENT]),
        (LINK | {"link_id": "f" * 32},),
        ([PAID], ORDERS, [PAYMENT]),
        (PAID, {"orders": ORDERS}, [PAYMENT]),
        (PAID, [{"order_id": None}], [PAYMENT]),
        (PAID, [{"order_id": "../links"}], [PAYMENT]),
        (PAID, [ORDERS[0] | {"link_id": "f" * 32}], [PAYMENT]),
        (PAID, ORDERS, {"payments": [PAYMENT]}),
        (PAID, ORDERS, [1]),
        (PAID, [], []),
        (LINK | {"link_amount_paid": 1}, ORDERS, []),
    ],
    ids=lambda answers: json.dumps(answers)[-120:],
)
def test_answers_that_are_not_as_documented_are_uncertain(answers: tuple[object, ...]) -> None:
    assert type(checked(*answers)) is ProviderUncertain


def test_ids_and_amounts_may_be_numbers_or_texts() -> None:
    answer = checked(
        PAID | {"link_amount_paid": "150.00", "link_amount": "150.00", "cf_link_id": 1996567},
        ORDERS,
        [PAYMENT | {"cf_payment_id": 12376123, "payment_amount": "150.00"}],
    )

    assert isinstance(answer, Outcome)
    assert (answer.receipt, answer.amount) == ("12376123", Money(15_000, "INR"))


def test_the_first_success_stays_the_first() -> None:
    """By the time when it ended, then by number: an attempt that began earlier may end later."""
    early = PAYMENT | {"cf_payment_id": "99", "payment_completion_time": "2026-11-21T10:00:00Z"}
    tied = PAYMENT | {"cf_payment_id": "100", "payment_completion_time": "2026-11-21T10:00:00Z"}
    last = PAYMENT | {"cf_payment_id": "1", "payment_amount": 7}
    unknown = PAYMENT | {"cf_payment_id": "0", "payment_completion_time": None}
    for attempts in ([unknown, last, tied, early], [early, tied, last, unknown]):
        answer = checked(PAID, ORDERS, attempts)
        assert isinstance(answer, Outcome)
        assert (answer.receipt, answer.amount) == ("99", Money(15_000, "INR"))
        assert answer.also == (
            Receipt("100", Money(15_000, "INR")),
            Receipt("1", Money(700, "INR")),
            Receipt("0", Money(15_000, "INR")),
        )


def test_another_links_money_is_told_for_the_books_to_compare() -> None:
    other = "11111111-5c4b-4c6c-9b53-7a5b1f0f2c11"
    answer = checked(PAID | {"link_id": other.replace("-", "")}, ORDERS, [PAYMENT])

    assert isinstance(answer, Outcome)
    assert (answer.status, answer.reference) == (Status.SUCCEEDED, other)


@pytest.mark.parametrize(
    "change",
    [
        {"link_url": None},
        {"link_url": "javascript:alert(1)"},
        {"link_url": "http://payments.test/links/1"},
        {"link_url": "https://payments.test/a b"},
        {"link_url": "https://payments.test/" + "x" * 2_000},
        {"cf_link_id": None},
        {"link_id": "f" * 32},
        {"link_id": None},
        {"link_status": "PAID"},
        {"link_status": "REVIEW"},
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_a_start_that_is_answered_oddly_is_uncertain(change: dict[str, object]) -> None:
    with wire(saying(LINK | change)) as server, pytest.raises(ProviderUncertain):
        cashfree(server).start(CHARGE)


def test_the_stored_answer_to_an_earlier_start_is_uncertain() -> None:
    body = json.dumps(LINK).encode()
    for word in ("true", "false"):
        with wire(always(http(200, body, f"x-idempotency-replayed: {word}"))) as server:
            if word == "false":
                assert cashfree(server).start(CHARGE).url == LINK["link_url"]
                continue
            with pytest.raises(ProviderUncertain) as repeated:
                cashfree(server).start(CHARGE)
            assert repeated.value.reason is Reason.DUPLICATE


@pytest.mark.parametrize("moment", [None, "soon", "2026-11-22T16:15:00", 5, "9999-99-99T00:00:00Z"])
def test_a_link_without_a_readable_end_ends_when_we_said(moment: object) -> None:
    with wire(saying(LINK | {"link_expiry_time": moment})) as server:
        link = cashfree(server, link_seconds=1_800).start(CHARGE)

    left = link.expires_at - datetime.now(UTC)
    assert timedelta(seconds=1_795) < left <= timedelta(seconds=1_800)


@pytest.mark.parametrize(
    ("digits", "sent"),
    [
        ("919876512345", "9876512345"),
        ("263771234567", "+263771234567"),
        ("9198765123", "+9198765123"),
    ],
)
def test_a_phone_is_sent_as_cashfree_wants_it(digits: str, sent: str) -> None:
    with wire(saying(LINK)) as server:
        cashfree(server).start(replace(CHARGE, customer_phone=digits))

    assert json.loads(server.body())["customer_details"] == {"customer_phone": sent}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customer_phone": None}, "no_phone"),
        ({"customer_phone": ""}, "no_phone"),
        ({"amount": Money(99, "INR")}, "bad_amount"),
        ({"amount": Money(15_000, "USD")}, "bad_currency"),
    ],
)
def test_what_can_be_no_link_is_refused_unasked(change: dict[str, object], code: str) -> None:
    with wire(saying(LINK)) as server, pytest.raises(ProviderRefused) as refused:
        cashfree(server).start(replace(CHARGE, **change))

    assert server.requests == []
    assert (refused.value.reason, refused.value.call.code) == (Reason.BAD_REQUEST, code)


def test_only_https_addresses_are_sent_and_a_link_lives_a_quarter_of_an_hour_at_least() -> None:
    plain = {
        "notify_url": "http://bot.test/callbacks/cashfree",
        "return_url": "https://" + "x" * 250,
    }
    with wire(saying(LINK)) as server:
        provider = cashfree(server, link_seconds=60, **plain)
        provider.start(replace(CHARGE, description="x" * 600))

    body = json.loads(server.body())
    assert body["link_meta"] == {}
    assert len(body["link_purpose"]) == 500
    left = datetime.fromisoformat(body["link_expiry_time"]) - datetime.now(UTC)
    assert timedelta(seconds=890) < left <= timedelta(seconds=900)
    assert (provider.terms(None).customer_seconds, provider.terms(None).hold_seconds) == (900, 900)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("SUCCESS", RefundStatus.SUCCEEDED),
        ("PENDING", RefundStatus.PENDING),
        ("ONHOLD", RefundStatus.PENDING),
        ("FAILED", RefundStatus.FAILED),
        ("CANCELLED", RefundStatus.FAILED),
        ("ACTIVE", None),
        (None, None),
    ],
)
def test_the_words_of_a_refund(word: object, status: RefundStatus | None) -> None:
    answers = (ORDERS, [PAYMENT], REFUNDED | {"refund_status": word})
    for act in ("refund", "check_refund"):
        with wire(saying(*answers)) as server:
            if status is None:
                with pytest.raises(ProviderUncertain):
                    getattr(cashfree(server), act)(REFUND_ORDER)
            else:
                outcome = getattr(cashfree(server), act)(REFUND_ORDER)
                assert (outcome.status, outcome.reference) == (status, REFUND)


@pytest.mark.parametrize(
    "change",
    [
        {"refund_amount": None},
        {"refund_id": "RF42x1"},
        {"refund_id": None},
        {"cf_payment_id": "77"},
    ],
    ids=str,
)
def test_a_refund_that_is_not_surely_ours_is_uncertain(change: dict[str, object]) -> None:
    answers = (ORDERS, [PAYMENT], REFUNDED | change)
    with wire(saying(*answers)) as server, pytest.raises(ProviderUncertain):
        cashfree(server).refund(REFUND_ORDER)


def test_a_refund_of_the_second_receipt_goes_to_its_own_order() -> None:
    orders = [*ORDERS, {"order_id": "ORD-2"}]
    second = PAYMENT | {"cf_payment_id": "55", "order_id": "ORD-2"}
    answers = (orders, [PAYMENT], [second], REFUNDED | {"cf_payment_id": "55"})
    with wire(saying(*answers)) as server:
        cashfree(server).refund(replace(REFUND_ORDER, receipt="55", reason="x"))

    assert server.requests[-1].startswith(b"POST /orders/ORD-2/refunds ")
    assert json.loads(server.body())["refund_note"] == "Refund"


def test_echoes_of_private_things_are_hidden() -> None:
    echo = {
        "link_url": "https:\\/\\/payments.test\\/links\\/secretlink",
        "link_qrcode": "data:image/png;base64,iVBORw0KGgo=",
        "payment_session_id": "session_private",
        "customer_details": {"customer_name": 'As"ha Rao', "customer_phone": "9876512345"},
        "message": "key secret-key, +91 98765 12345",
    }
    for status in (200, 400, 500):
        play = always(http(status, json.dumps(echo).encode()))
        with wire(play) as server, pytest.raises(ProviderError) as raised:
            cashfree(server).start(CHARGE)
        shown = raised.value.call.body
        for private in ("secretlink", "iVBOR", "session_private", "Rao", "876512345", "secret-key"):
            assert private not in shown + str(raised.value)
        assert "[hidden]" in shown


def test_a_value_that_was_cut_is_hidden_too() -> None:
    body = b'{"padding":"' + b"x" * 900 + b'","payment_session_id":"session_private'
    play = always(http(200, body + b"y" * 500))
    with wire(play) as server, pytest.raises(ProviderUncertain) as raised:
        cashfree(server).start(CHARGE)

    assert "session_private" not in raised.value.call.body


def test_keys_stand_in_no_repr() -> None:
    settings = CashfreeSettings("TEST", "app-id", "key-one", "key-two")

    assert "key-" not in repr(settings) + repr(vars(Cashfree(settings)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"environment": "SANDBOX"},
        {"environment": "test"},
        {"environment": ""},
        {"base_url": "sandbox.cashfree.com"},
        {"secret_key": ""},
        {"secret_key": "secret with\nnewline"},
        {"secret_key_previous": "two words"},
        {"app_id": ""},
        {"api_version": "latest"},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_without_telling_the_key(
    wrong: dict[str, str],
) -> None:
    given = {"environment": "TEST", "app_id": "app", "secret_key": "secret"}
    with pytest.raises(ValueError, match="Cashfree must") as refused:
        CashfreeSettings(**(given | wrong))

    assert "secret" not in str(refused.value)


def test_an_account_becomes_an_adapter() -> None:
    credentials = {"environment": "PRODUCTION", "app_id": "app", "secret_key": "key"}
    surroundings = Surroundings("https://bot.test/c", "https://bot.test/r", MemoryShelf())
    provider = ENTRY.make(credentials, Timeouts(link_seconds=2_400), surroundings)

    for protocol in (Provider, Cancels, Refunds, FollowsRefunds, ReadsNotices):
        assert isinstance(provider, protocol)
    assert ENTRY.missing({"app_id": "app"}) == ("environment", "secret_key")
    assert ENTRY.missing(credentials) == ()
    assert (ENTRY.ways[0].key, ENTRY.ways[0].kind) == ("cashfree", WayKind.LINK)
    assert set(ENTRY.settings.values()) > ENTRY.secrets
    assert (provider.terms(None).customer_seconds, provider.terms(None).hold_seconds) == (
        2_400,
        1_800,
    )
