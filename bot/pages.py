"""What customers open from WhatsApp: `/go/…` leads to a payment's link, `/qr/….png` is its picture,
and `/paid` is where a provider sends them back to.

Nothing is started or changed here and no provider is called: WhatsApp itself opens every address
that it shows a preview of.
"""

import base64
import binascii
import io
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import segno
import structlog
from flask import Blueprint, Response, redirect, render_template
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.wrappers import Response as AnyResponse

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Booking, Operator, Payment
from domain.money import Money
from domain.states import AWAITING_CUSTOMER, CREATED, ENDED_UNPAID, STARTING, SUCCEEDED
from providers.registry import PROVIDERS

log = structlog.get_logger(__name__)

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")
_PICTURE = "data:image/png;base64,"
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_PICTURE_BYTES = 64 * 1024
# A picture about this wide is read from a phone's screen by another phone.
_PICTURE_PIXELS = 720
_QUIET_MODULES = 4
_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
# Only the script is documented. That it asks its own house and the one that its token names, shows
# frames of theirs and posts forms to them, is assumed.
_LAUNCHER_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}' {script};"
    " connect-src {script} {token}; frame-src {script} {token}; form-action {script} {token};"
    " img-src {script}; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A payment as its page shows it. `now` is by the database's clock."""

    payment: Payment
    booking: str
    payee: str
    now: datetime

    @property
    def standing(self) -> str:
        """Which of the page's words fit: `open`, or why there is nothing to open."""
        payment = self.payment
        if payment.status in (CREATED, STARTING):
            return "early"
        if payment.status == SUCCEEDED:
            return "paid"
        if payment.status in ENDED_UNPAID:
            return "over"
        if payment.status != AWAITING_CUSTOMER:
            return "checking"
        over = payment.deadline_at is None or payment.deadline_at <= self.now
        return "over" if over or payment.cancel_requested_at is not None else "open"

    @property
    def minutes_left(self) -> int:
        ends = self.payment.deadline_at or self.now
        return max(1, int((ends - self.now).total_seconds() // 60))


def create_pages(runtime: Runtime) -> Blueprint:
    """The customers' pages, for the root of the app."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/go/<token>")
    def go(token: str) -> AnyResponse:
        opened = _find(runtime, token)
        return _page("unknown", 404) if opened is None else _lead_on(runtime, opened)

    @blueprint.get("/qr/<token>.png")
    def picture(token: str) -> AnyResponse:
        opened = _find(runtime, token)
        text = opened.payment.link_qr if opened and opened.standing == "open" else None
        png = None if text is None else _png(text)
        if png is None:
            return Response("no such picture", 404, _HEADERS, content_type="text/plain")
        return Response(png, 200, _HEADERS, content_type="image/png")

    @blueprint.get("/paid")
    def paid() -> AnyResponse:
        """Anybody can open it, and providers send people here who did not pay: it says nothing
        about money.
        """
        return _page("back", 200)

    blueprint.register_error_handler(OperationalError, _away)
    blueprint.register_error_handler(PoolTimeout, _away)
    return blueprint


def _away(error: Exception) -> AnyResponse:
    log.warning("page_not_shown", error=type(error).__name__)
    return _page("away", 503)


def _find(runtime: Runtime, token: str) -> _Opened | None:
    payment_id = runtime.links.read(token)
    if payment_id is None:
        return None
    with transaction() as db:
        found = db.execute(
            select(Payment, Booking.reference, Operator.name, func.clock_timestamp())
            .join(Booking, Booking.id == Payment.booking_id)
            .join(Operator, Operator.id == Booking.operator_id)
            .where(Payment.id == payment_id)
        ).one_or_none()
    return None if found is None else _Opened(*found)


def _lead_on(runtime: Runtime, opened: _Opened) -> AnyResponse:
    standing, payment = opened.standing, opened.payment
    if standing != "open":
        return _page(standing, 410 if standing == "over" else 200, opened)
    if payment.link_url is None:
        return _page("scan", 200, opened)
    schemes = ("https",) if runtime.settings.environment == "production" else ("https", "http")
    token = _origin(payment.link_url, schemes)
    script = _origin(payment.link_launcher, schemes) if payment.link_launcher else None
    if token is None or (payment.link_launcher and script is None):
        log.error("link_not_opened", payment=str(payment.id), provider=payment.provider)
        return _page("broken", 410, opened)
    if script is None:
        answer = redirect(payment.link_url, 303)
        answer.headers.update(_HEADERS)
        return answer
    # The provider's checkout looks at which site sent the customer.
    referrer = {"Referrer-Policy": "strict-origin-when-cross-origin"}
    policy = _LAUNCHER_POLICY.replace("{script}", script).replace("{token}", token)
    return _page("launch", 200, opened, policy=policy, headers=referrer)


def _origin(url: str, schemes: tuple[str, ...]) -> str | None:
    """Scheme and host of an address that may be opened, as a policy names them."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    good = parts.scheme in schemes and _HOST.fullmatch(parts.netloc)
    return f"{parts.scheme}://{parts.netloc}" if good else None


def _page(
    standing: str,
    status: int,
    opened: _Opened | None = None,
    *,
    policy: str = _POLICY,
    headers: dict[str, str] | None = None,
) -> AnyResponse:
    nonce = secrets.token_urlsafe(16)
    shown: dict[str, Any] = {"standing": standing, "nonce": nonce}
    if opened is not None:
        payment = opened.payment
        shown |= {
            "amount": str(Money(payment.amount_minor, payment.currency)),
            "payee": opened.payee,
            "booking": opened.booking,
            "minutes": opened.minutes_left,
            "provider": PROVIDERS[payment.provider].title,
            "token_url": payment.link_url,
            "script": payment.link_launcher,
        }
    name = "launch.html" if standing == "launch" else "standing.html"
    answer = Response(render_template(name, **shown), status, content_type="text/html")
    answer.headers.update(_HEADERS | (headers or {}))
    answer.headers["Content-Security-Policy"] = policy.replace("{nonce}", nonce)
    return answer


def _png(text: str) -> bytes | None:
    """The picture that `OpenLink.qr` gives, or one that says it; None where there can be none."""
    if text.startswith("data:"):
        return _decoded(text)
    try:
        code = segno.make(text, error="m", micro=False)
    except ValueError:  # more than a picture holds
        log.error("picture_not_drawn", characters=len(text))
        return None
    modules = code.symbol_size(scale=1, border=_QUIET_MODULES)[0]
    drawn = io.BytesIO()
    code.save(
        drawn, kind="png", scale=max(4, _PICTURE_PIXELS // int(modules)), border=_QUIET_MODULES
    )
    return drawn.getvalue()


def _decoded(uri: str) -> bytes | None:
    encoded = uri.removeprefix(_PICTURE)
    if encoded == uri or len(encoded) > _LARGEST_PICTURE_BYTES * 4 // 3 + 4:
        return None
    try:
        png = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return png if png.startswith(_PNG) and len(png) <= _LARGEST_PICTURE_BYTES else None
