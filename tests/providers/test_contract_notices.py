"""What every provider that tells us something unasked promises: the genuine is read, the forged is
forged, and nothing else ever comes out, whatever goes in.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.contract import Charge, Outcome
from providers.notices import (
    Notice,
    NoticeForged,
    NoticeKind,
    NoticeRequest,
    NoticeUnreadable,
    ReadsNotices,
)
from providers.refunds import FollowsRefunds, Refunds, RefundStatus
from tests.providers.harness import Harness, eventually

pytestmark = pytest.mark.verbs("read_notice")
TURNED_AWAY = (NoticeForged, NoticeUnreadable)

# The harness outlives the examples on purpose: reading a notice keeps nothing.
_MANY = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("type", "event", "data", "payload", "code", "state", "amount", "payment", "order")
                + ("refund", "link_id", "link_status", "merchantOrderId", "merchantTransactionId")
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
_HEADERS = st.dictionaries(
    st.sampled_from(
        ("authorization", "x-verify", "x-webhook-signature", "x-webhook-timestamp")
        + ("x-idempotency-key", "content-type")
    ),
    st.text(max_size=80),
)


def reader(harness: Harness) -> ReadsNotices:
    provider = harness.provider()
    assert isinstance(provider, ReadsNotices)
    return provider


def paid(harness: Harness, webhook: str = "") -> tuple[Charge, Outcome]:
    """A new payment that was paid, with this knob of the webhooks."""
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())
    if webhook:
        harness.turn("webhook", webhook)
    return charge, harness.complete(provider, charge)


def told(harness: Harness, reference: str, at_least: int = 1) -> list[NoticeRequest]:
    """The genuine notices about this payment or refund, once so many came."""
    read = reader(harness).read_notice

    def about() -> list[NoticeRequest]:
        return [each for each in harness.letters() if read(each).reference == reference]

    letters = eventually(about, lambda found: len(found) >= at_least)
    assert len(letters) >= at_least
    return letters


def test_a_genuine_notice_is_read(harness: Harness) -> None:
    charge, _ = paid(harness)

    for letter in told(harness, charge.reference):
        notice = reader(harness).read_notice(letter)
        assert notice.kind is NoticeKind.PAYMENT
        assert notice.amount == charge.amount
        assert notice.word
        assert 0 < len(notice.delivery_key) <= 120
        assert 0 < len(notice.shown) <= 1_000


def test_nothing_private_is_shown_of_a_notice(harness: Harness) -> None:
    charge, _ = paid(harness)

    for letter in told(harness, charge.reference):
        spoken = repr(letter) + repr(reader(harness).read_notice(letter))
        assert [secret for secret in harness.private(charge) if secret in spoken] == []


def test_the_same_delivery_twice_has_one_key_and_others_have_others(harness: Harness) -> None:
    once, _ = paid(harness)
    twice, _ = paid(harness, "duplicate")
    read = reader(harness).read_notice

    def keys() -> list[str]:
        return [read(each).delivery_key for each in told(harness, twice.reference)]

    # A payment may be told in several deliveries, and each of them came twice.
    counts = eventually(lambda: Counter(keys()), lambda found: set(found.values()) == {2})
    others = {read(each).delivery_key for each in told(harness, once.reference)}

    assert set(counts.values()) == {2}
    assert not others & set(counts)


def test_without_each_signing_header_it_is_forged(harness: Harness) -> None:
    charge, _ = paid(harness)
    letter = told(harness, charge.reference)[0]
    read = reader(harness).read_notice

    for name in harness.signing_headers:
        others = {key: text for key, text in letter.headers.items() if key != name}
        value = letter.headers[name]
        changed = ("", " ", value[:-1], value + "0", _other(value[0]) + value[1:], "ü", "\x00")
        for headers in (others, *({**others, name: text} for text in changed)):
            with pytest.raises(NoticeForged):
                read(NoticeRequest(headers, letter.body))
    with pytest.raises(NoticeForged):
        read(NoticeRequest({}, letter.body))


def _other(character: str) -> str:
    return "1" if character == "0" else "0"


def test_a_changed_body_is_forged(harness: Harness) -> None:
    charge, _ = paid(harness)
    letter = told(harness, charge.reference)[0]
    read, middle = reader(harness).read_notice, len(letter.body) // 2
    other = b"B" if letter.body[middle : middle + 1] == b"A" else b"A"
    changed = NoticeRequest(
        letter.headers, letter.body[:middle] + other + letter.body[middle + 1 :]
    )
    if harness.unsigned:
        # It cannot be noticed, so it is another delivery, and never more than a reason to ask.
        assert outcome_of(read, changed) != read(letter).delivery_key
        return

    with pytest.raises(NoticeForged):
        read(changed)


def outcome_of(read: object, request: NoticeRequest) -> str:
    """The key of a notice, or what it is instead of one."""
    assert callable(read)
    try:
        notice = read(request)
    except TURNED_AWAY as error:
        return type(error).__name__
    assert isinstance(notice, Notice)
    return notice.delivery_key


def test_another_account_does_not_take_it(harness: Harness) -> None:
    charge, _ = paid(harness)
    letter = told(harness, charge.reference)[0]
    stranger = harness.other_account()
    assert isinstance(stranger, ReadsNotices)

    with pytest.raises(NoticeForged):
        stranger.read_notice(letter)


def malformed() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "spaces", b"   \r\n"
    yield "no JSON", b"not=json&at=all"
    yield "half", b'{"event":"pg.order.completed","type":"PAYMENT_SUCCESS_WEBHOOK"'
    yield "a list", b"[]"
    yield "a list of objects", b'[{"type":"x","data":{}}]'
    yield "a word", b'"PAYMENT_SUCCESS"'
    yield "a number", b"1"
    yield "nothing", b"null"
    yield "no fields", b"{}"
    yield "fields of nothing", b'{"type":null,"data":null,"event":null,"payload":null,"code":null}'
    yield "no number", b'{"type":NaN,"event":Infinity}'
    yield "a key twice", b'{"type":"x","type":"y","event":"a","event":"b","code":"c","code":"d"}'
    yield "utf-16", '{"type":"x","event":"x","code":"x","data":{},"payload":{}}'.encode("utf-16")
    yield "latin-1", b'{"type":"\xfc","event":"\xfc","code":"\xfc","data":{},"payload":{}}'
    yield "bytes", bytes(range(256))
    yield "deep", b'{"data":' * 100_000
    yield "deep list", b"[" * 200_000
    yield "huge", b"x" * 5_000_000
    yield "huge number", b'{"type":' + b"9" * 100_000 + b"}"


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in malformed()])
def test_what_is_malformed_is_turned_away_whoever_signed_it(harness: Harness, body: bytes) -> None:
    read = reader(harness).read_notice

    for request in (harness.sign(body), NoticeRequest(harness.sign(body).headers, body)):
        with pytest.raises(TURNED_AWAY):
            read(request)


@_MANY
@given(headers=_HEADERS, body=st.binary(max_size=300) | _JSON.map(json.dumps).map(str.encode))
def test_what_nobody_signed_is_turned_away(
    harness: Harness, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(TURNED_AWAY):
        reader(harness).read_notice(NoticeRequest(headers, body))


@_MANY
@given(fields=_JSON)
def test_whatever_is_signed_is_read_or_unreadable(harness: Harness, fields: object) -> None:
    signed = harness.sign(json.dumps(fields).encode())

    assert outcome_of(reader(harness).read_notice, signed) != NoticeForged.__name__


@pytest.mark.parametrize("part", ["event", "type", "code"])
@_MANY
@given(word=st.text(max_size=80), inner=_JSON)
def test_a_signed_notice_with_odd_words_is_read_or_unreadable(
    harness: Harness, part: str, word: str, inner: object
) -> None:
    data = inner if isinstance(inner, dict) else {"state": inner, "order": inner}
    signed = harness.sign(json.dumps({part: word, "data": data, "payload": data}).encode())

    key = outcome_of(reader(harness).read_notice, signed)

    assert 0 < len(key) <= 120


@pytest.mark.verbs("refund", "check_refund")
def test_a_refund_is_told_as_a_refund(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, 4_000)
    provider = harness.provider()
    assert isinstance(provider, Refunds)
    assert isinstance(provider, FollowsRefunds)

    provider.refund(order)

    if harness.untold_refunds:
        # The exemption is real: it is final, and nobody said so.
        ask = provider.check_refund
        eventually(lambda: ask(order), lambda told: told.status is RefundStatus.SUCCEEDED)
        read = reader(harness).read_notice
        assert [each for each in harness.letters() if read(each).reference == order.reference] == []
        return
    for letter in told(harness, order.reference):
        notice = reader(harness).read_notice(letter)
        assert notice.kind is NoticeKind.REFUND
        assert notice.amount == order.amount
        assert notice.status is None
