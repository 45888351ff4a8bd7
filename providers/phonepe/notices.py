"""What PhonePe tells us unasked: webhooks (v2) and callbacks (v1).

A webhook carries a hash of username and password, the same in each; its body is not signed. A
callback's body is signed with the salt key. Neither is more than a reason to ask.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from domain.money import Money
from providers.contract import Status
from providers.notices import Notice, NoticeForged, NoticeKind, NoticeRequest, NoticeUnreadable
from providers.phonepe.checksums import matches
from providers.phonepe.reading import Unreadable, amount_in
from providers.phonepe.words import STATES, V1_STATES
from providers.redaction import Redactor
from providers.references import our_reference
from providers.wire_json import read_json_object

_WORD = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_ORDERS = ("checkout.order.", "pg.order.", "paylink.order.")
# An attempt: the order that it belongs to may still be paid.
_ATTEMPTS = ("checkout.transaction.", "pg.transaction.")
_REFUNDS = ("pg.refund.",)


def read_webhook(request: NoticeRequest, username: str, password: str) -> Notice:
    """A webhook of v2. Raises NoticeForged and NoticeUnreadable."""
    wanted = hashlib.sha256(f"{username}:{password}".encode()).hexdigest()
    given = request.headers.get("authorization", "").strip().lower()
    if not hmac.compare_digest(given.encode(errors="replace"), wanted.encode()):
        raise NoticeForged
    fields = read_json_object(request.body)
    event = fields.get("event") if fields is not None else None
    payload = fields.get("payload") if fields is not None else None
    if not isinstance(event, str) or not _WORD.fullmatch(event) or not isinstance(payload, Mapping):
        raise NoticeUnreadable
    kind, name, status = NoticeKind.OTHER, "", None
    if event.startswith(_ORDERS):
        kind, name = NoticeKind.PAYMENT, "merchantOrderId"
        status = _status(STATES, payload.get("state"))
    elif event.startswith(_ATTEMPTS):
        kind, name = NoticeKind.PAYMENT, "merchantOrderId"
    elif event.startswith(_REFUNDS):
        kind, name = NoticeKind.REFUND, "merchantRefundId"
    return Notice(
        delivery_key=hashlib.sha256(request.body).hexdigest(),
        kind=kind,
        reference=our_reference(payload.get(name)),
        word=event,
        status=status,
        amount=_amount(payload),
        shown=Redactor((username, password), ()).show(request.body),
    )


def read_callback(request: NoticeRequest, salt_key: str, salt_index: str) -> Notice:
    """A callback of v1, which looks the same for a payment and for a refund: its kind is always
    PAYMENT. Raises NoticeForged and NoticeUnreadable.
    """
    fields = read_json_object(request.body)
    encoded = fields.get("response") if fields is not None else None
    if not isinstance(encoded, str):
        raise NoticeUnreadable
    if not matches(request.headers.get("x-verify", ""), encoded, salt_key, salt_index):
        raise NoticeForged
    try:
        body = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoticeUnreadable from None
    told = read_json_object(body)
    code = told.get("code") if told is not None else None
    data = told.get("data") if told is not None else None
    if not isinstance(code, str) or not _WORD.fullmatch(code) or not isinstance(data, Mapping):
        raise NoticeUnreadable
    return Notice(
        delivery_key=hashlib.sha256(request.body).hexdigest(),
        kind=NoticeKind.PAYMENT,
        reference=our_reference(data.get("merchantTransactionId")),
        word=code,
        status=_status(V1_STATES, code),
        amount=_amount(data),
        shown=Redactor((salt_key,), ()).show(body),
    )


def _status(words: Mapping[str, Status], word: object) -> Status | None:
    return words.get(word) if isinstance(word, str) else None


def _amount(fields: Mapping[str, object]) -> Money | None:
    """The amount where it can be read: a notice decides nothing, so one that cannot is none."""
    try:
        return amount_in(fields)
    except Unreadable:
        return None
