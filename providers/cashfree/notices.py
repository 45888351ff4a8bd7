"""Cashfree's webhooks: whether they are genuine, and what they are about."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from domain.money import Money
from providers.cashfree.reading import money
from providers.cashfree.words import ATTEMPT_WORDS, LINK_WORDS
from providers.notices import Notice, NoticeForged, NoticeKind, NoticeRequest, NoticeUnreadable
from providers.redaction import Redactor
from providers.references import our_reference
from providers.wire_json import read_json_object

_WORD = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_DELIVERY_KEY = re.compile(r"[!-~]{1,120}")

Fields = Mapping[str, object]


def read_notice(request: NoticeRequest, secrets: Sequence[str]) -> Notice:
    """The notice in a webhook that one of the secrets signed."""
    if not _genuine(request, secrets):
        raise NoticeForged("the signature is not Cashfree's")
    body = read_json_object(request.body)
    if body is None:
        raise NoticeUnreadable("the body is not a JSON object")
    kind_word, data = body.get("type"), body.get("data")
    if not isinstance(kind_word, str) or not _WORD.fullmatch(kind_word):
        raise NoticeUnreadable("the type is not a word")
    if not isinstance(data, Mapping):
        raise NoticeUnreadable("there is no data")
    kind, reference, word, amount = _read(kind_word, data)
    status = LINK_WORDS.get(word) if "link_status" in data else ATTEMPT_WORDS.get(word)
    return Notice(
        _delivery_key(request),
        kind,
        reference,
        word,
        status=status if kind is NoticeKind.PAYMENT else None,
        amount=amount,
        shown=Redactor(secrets, ()).show(request.body),
    )


def _genuine(request: NoticeRequest, secrets: Sequence[str]) -> bool:
    """The signature is over the timestamp and the raw bytes, with nothing between them."""
    timestamp = request.headers.get("x-webhook-timestamp", "")
    given = request.headers.get("x-webhook-signature", "").encode("utf-8", "replace")
    if not timestamp or not given:
        return False
    signed = timestamp.encode("utf-8", "replace") + request.body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).digest() for secret in secrets]
    return any(hmac.compare_digest(base64.b64encode(digest), given) for digest in digests)


def _delivery_key(request: NoticeRequest) -> str:
    given = request.headers.get("x-idempotency-key", "")
    return given if _DELIVERY_KEY.fullmatch(given) else hashlib.sha256(request.body).hexdigest()


def _read(kind_word: str, data: Fields) -> tuple[NoticeKind, str | None, str, Money | None]:
    if kind_word.startswith("PAYMENT_LINK_"):
        # Not `link_amount_paid`: that is the sum, and after a second success it is not what was
        # paid now.
        order = data.get("order")
        paid = order.get("order_amount") if isinstance(order, Mapping) else None
        reference, word = our_reference(data.get("link_id")), _word(data.get("link_status"))
        return NoticeKind.PAYMENT, reference, word, money(paid, data.get("link_currency"))
    if kind_word.startswith(("REFUND_", "AUTO_REFUND_")):
        # The key beside "auto_refund" is assumed: no sample of one was seen.
        refund = _part(data, "refund" if "refund" in data else "auto_refund")
        amount = money(refund.get("refund_amount"), refund.get("refund_currency"))
        reference = our_reference(refund.get("refund_id"))
        return NoticeKind.REFUND, reference, _word(refund.get("refund_status")), amount
    if kind_word.startswith("PAYMENT_") and not kind_word.startswith("PAYMENT_CHARGES_"):
        payment, order = _part(data, "payment"), _part(data, "order")
        amount = money(payment.get("payment_amount"), payment.get("payment_currency"))
        word = _word(payment.get("payment_status"))
        return NoticeKind.PAYMENT, _reference_of(order), word, amount
    return NoticeKind.OTHER, None, kind_word, None


def _reference_of(order: Fields) -> str | None:
    """An order of our own is named by our reference; one under a link has it among its tags."""
    tags = order.get("order_tags")
    under_link = our_reference(tags.get("link_id")) if isinstance(tags, Mapping) else None
    return under_link or our_reference(order.get("order_id"))


def _part(data: Fields, name: str) -> Fields:
    part = data.get(name)
    if not isinstance(part, Mapping):
        raise NoticeUnreadable(f"there is no {name}")
    return part


def _word(value: object) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise NoticeUnreadable("the status is not a word")
    return value
