"""Providers' notices, `POST /callbacks/<provider>` and `/callbacks/<provider>/<account>`.

    size ▸ accounts ▸ read by their adapters ▸ file ▸ COMMIT ▸ nudge ▸ 200

No provider is called here and nothing is credited: a notice is a reason to ask.

    200   filed, now or before, whether or not it is about anything of ours
    400   not in words that a notice has; 401   signed by none of the accounts
    404   no such account, or its provider sends no notices; 413   more than 64 KB
    503   not filed, to be sent again: the database is away, the row stays locked, or the account's
          secrets cannot be read
"""

import threading
import time
from dataclasses import dataclass
from uuid import UUID

import structlog
from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from bot.runtime import Runtime
from domain import notices
from domain.database import repeat, transaction
from domain.models import Account
from domain.notices import Announcement, Filed
from providers.notices import (
    Notice,
    NoticeForged,
    NoticeKind,
    NoticeRequest,
    NoticeUnreadable,
    ReadsNotices,
)

_ACCOUNTS_AT_MOST = 20
_LONGEST_WORD = 40
_REFUSALS_PER_MINUTE = 20

log = structlog.get_logger(__name__)


class _AccountBroken(Exception):
    """An account that is asked for cannot be worked with: its secrets or settings are no good."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """An account and the adapter that reads its notices."""

    provider: str
    account_id: int
    adapter: ReadsNotices


class _RefusalLog:
    """Logs what was refused, so many lines a minute and process: whoever sends forged notices must
    not be able to fill a disk. What is left out is counted in the next line.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._lines = 0
        self._left_out = 0

    def write(self, **what: object) -> None:
        with self._lock:
            minute = int(time.monotonic() / 60)
            if minute != self._minute:
                self._minute, self._lines = minute, 0
            self._lines += 1
            if self._lines > _REFUSALS_PER_MINUTE:
                self._left_out += 1
                return
            left_out, self._left_out = self._left_out, 0
        log.warning("callback_refused", left_out=left_out, **what)


def create_callbacks(runtime: Runtime) -> Blueprint:
    """The providers' webhooks. No cookies, no sessions: who may speak is said by a signature."""
    blueprint = Blueprint("callbacks", __name__, url_prefix="/callbacks")
    refusals = _RefusalLog()

    @blueprint.post("/<provider>")
    def of_provider(provider: str) -> Response:
        return _receive(runtime, refusals, provider, None)

    @blueprint.post("/<provider>/<int:account_id>")
    def of_account(provider: str, account_id: int) -> Response:
        return _receive(runtime, refusals, provider, account_id)

    return blueprint


def _receive(
    runtime: Runtime, refusals: _RefusalLog, provider: str, account_id: int | None
) -> Response:
    began = time.monotonic()
    headers = {name.lower(): value for name, value in request.headers.items()}
    incoming = NoticeRequest(headers, request.get_data(cache=False))
    try:
        with transaction() as db:
            readers = _readers(runtime, db, provider, account_id)
        if not readers:
            return _answer("no notices are taken here", 404)
        heard = _read(readers, incoming)
        told, filed = repeat(lambda db: _file(db, heard))
    except (NoticeForged, NoticeUnreadable) as error:
        # Why is a word of the adapter's own: what was sent is not repeated.
        refusals.write(provider=provider, account=account_id, reason=type(error).__name__)
        status = 401 if isinstance(error, NoticeForged) else 400
        return _answer("not accepted", status)
    except (OperationalError, PoolTimeout, _AccountBroken) as error:
        log.warning(
            "callback_not_filed", provider=provider, account=account_id, error=type(error).__name__
        )
        return Response("try again", status=503, headers={"Retry-After": "5"})
    _log(told, heard[told], filed, began)
    return _answer("ok", 200)


def _file(db: Session, heard: dict[Announcement, Notice]) -> tuple[Announcement, Filed]:
    told = notices.meant(db, list(heard))
    return told, notices.file_notice(db, told)


def _answer(words: str, status: int) -> Response:
    return Response(words, status=status, content_type="text/plain")


def _log(told: Announcement, notice: Notice, filed: Filed, began: float) -> None:
    log.info(
        "callback",
        provider=told.provider,
        account=told.account_id,
        kind=notice.kind.value,
        word=notice.word[:_LONGEST_WORD],
        filed=filed.value,
        milliseconds=round((time.monotonic() - began) * 1000),
    )


def _readers(runtime: Runtime, db: Session, provider: str, account_id: int | None) -> list[_Reader]:
    """The accounts that may be meant: the one that is named, which may be out of use because its
    money is still under way; else those in use, the newest first.
    """
    query = select(Account.id).where(Account.provider == provider)
    if account_id is None:
        query = query.where(Account.active).order_by(Account.id.desc()).limit(_ACCOUNTS_AT_MOST)
    else:
        query = query.where(Account.id == account_id)
    readers, broken = [], False
    for found in db.scalars(query):
        adapter = runtime.accounts.usable(db, found)
        if adapter is None:
            broken = True
        elif isinstance(adapter, ReadsNotices):
            readers.append(_Reader(provider, found, adapter))
    if broken and not readers:
        raise _AccountBroken(provider)
    return readers


def _read(readers: list[_Reader], incoming: NoticeRequest) -> dict[Announcement, Notice]:
    """What it says to each account whose provider signed it: some have the same keys.

    Raises NoticeUnreadable where any could not make anything of it, else NoticeForged. An adapter
    says Unreadable before or after it looked at the signature, so it counts as not authentic.
    """
    unreadable, heard = False, {}
    for reader in readers:
        try:
            notice = reader.adapter.read_notice(incoming)
        except NoticeForged:
            continue
        except NoticeUnreadable:
            unreadable = True
        else:
            heard[_announcement(reader, notice)] = notice
    if not heard:
        raise NoticeUnreadable if unreadable else NoticeForged
    return heard


def _announcement(reader: _Reader, notice: Notice) -> Announcement:
    named = _uuid(notice.reference)
    return Announcement(
        provider=reader.provider,
        account_id=reader.account_id,
        delivery_key=notice.delivery_key,
        payment_id=named if notice.kind is NoticeKind.PAYMENT else None,
        refund_id=named if notice.kind is NoticeKind.REFUND else None,
        status=notice.status.value if notice.status else None,
        amount=notice.amount,
        body=notice.shown,
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
