"""Checks of what is outside: Twilio, our public address as others reach it, provider accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator

from bot.cli.findings import Finding, fail, ok, warn
from bot.cli.front_door import INBOUND
from bot.config import Settings
from bot.runtime import Runtime
from bot.twilio_client import twilio_client
from domain.database import transaction
from domain.models import Account, Booking, Operator
from domain.sealing import Unreadable
from providers.contract import Provider, ProviderError
from providers.registry import PROVIDERS

# Twilio's words for: try twice more, after 5xx and time-outs, and wait 4 s for an answer.
RETRIES = "#rc=2&rp=5xx,ct,rt&rt=4000"
_TIMEOUT_SECONDS = 5
_FORBIDDEN, _NOT_FOUND = 403, 404
_NO_MESSAGE = f"SM{0:032}"


def check_twilio(runtime: Runtime) -> Iterator[Finding]:
    """The credentials open the account."""
    settings = runtime.settings
    if settings.twilio_account_sid is None:
        yield fail("Twilio: not configured", "set TWILIO_ACCOUNT_SID and its companions")
        return
    client = twilio_client(settings)
    is_simulated = settings.twilio_api_url is not None
    try:
        # A simulator has no account to show, but it must know that nobody sent this message.
        account = (
            client.messages(_NO_MESSAGE).fetch()
            if is_simulated
            else client.api.v2010.accounts(settings.twilio_account_sid).fetch()
        )
    except TwilioRestException as error:
        if is_simulated and error.status == _NOT_FOUND:
            yield warn("Twilio: a simulator takes our credentials", "TWILIO_API_URL is set")
            return
        hint = "look at TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
        yield fail(f"Twilio: refuses us with HTTP {error.status}, code {error.code}", hint)
        return
    except (requests.RequestException, TwilioException) as error:
        yield fail("Twilio: does not answer", type(error).__name__)
        return
    if account.status != "active":
        yield fail(f"Twilio: the account is {account.status}", "only an active one sends")
    elif account.type == "Trial":
        yield warn("Twilio: a trial account", "it writes to verified numbers only")
    else:
        yield ok("Twilio: the account is active")


def check_public_address(runtime: Runtime) -> Iterator[Finding]:
    """PUBLIC_BASE_URL leads to us, and our webhook there takes what is signed and nothing else."""
    base = runtime.settings.public_base_url.rstrip("/")
    if urlsplit(base).scheme != "https":
        hint = "Twilio and customers need https"
        level = fail if runtime.settings.environment == "production" else warn
        yield level(f"public address: {base} is not https", hint)
    with requests.Session() as session:
        session.trust_env = False
        try:
            ready = session.get(f"{base}/readyz", timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            hint = f"{type(error).__name__}; look at PUBLIC_BASE_URL and the web processes"
            yield fail(f"public address: {base} does not answer", hint)
            return
        if not ready.ok or ready.text != "ready":
            hint = "the address leads elsewhere, or the lines above say what is missing"
            yield fail(f"public address: /readyz answers {ready.status_code}", hint)
            return
        yield ok(f"public address: {base} is ready")
        yield from _check_signature(session, runtime.settings, base)


def _check_signature(session: requests.Session, settings: Settings, base: str) -> Iterator[Finding]:
    """Send what cannot be a message, and so is never heard: without a signature, and with one."""
    if not settings.twilio_tokens():
        return
    url = f"{base}{INBOUND}"
    form = {"AccountSid": settings.twilio_account_sid or "", "MessageSid": "doctor"}
    signature = RequestValidator(settings.twilio_tokens()[0]).compute_signature(url, form)
    try:
        unsigned = session.post(url, form, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        signed = session.post(
            url,
            form,
            headers={"X-Twilio-Signature": signature},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        yield fail("webhook: does not answer", type(error).__name__)
        return
    if unsigned.status_code != _FORBIDDEN:
        what = f"webhook: answers {unsigned.status_code} to what nobody signed"
        yield fail(what, "it must be 403: what stands before it answers in its place")
    if signed.ok:
        yield ok("webhook: takes what is signed, refuses what is not")
    else:
        hint = "it runs with another TWILIO_AUTH_TOKEN or PUBLIC_BASE_URL, or a proxy rewrites"
        yield fail(f"webhook: answers {signed.status_code} to what we signed", hint)


def what_to_set_at_twilio(settings: Settings) -> Sequence[str]:
    """What only a person can see to, in Twilio's console, for the WhatsApp sender."""
    base = settings.public_base_url.rstrip("/")
    return (
        f"Webhook URL for incoming messages (POST): {base}{INBOUND}{RETRIES}",
        f"Fallback URL (POST), best on another host that leads to us: {base}{INBOUND}",
        f"Status callback URL (POST): {base}/whatsapp/status",
        "Advanced Opt-Out: off, or without `stop` and `cancel` among its keywords, because that is"
        " how customers cancel a payment.",
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    """An account whose secrets could be opened, and its adapter."""

    name: str
    currency: str
    adapter: Provider


def check_accounts(runtime: Runtime) -> Iterator[Finding]:
    """Whoever has bookings can be paid for them; every account opens, and its provider answers."""
    opened: list[_Opened] = []
    try:
        with transaction() as db:
            has_account = exists().where(
                Account.operator_id == Booking.operator_id,
                Account.currency == Booking.currency,
                Account.provider.in_(PROVIDERS),
                Account.is_default,
                Account.active,
            )
            missing = db.execute(
                select(Operator.name, Booking.currency)
                .join(Booking, Booking.operator_id == Operator.id)
                .where(Booking.cancelled_at.is_(None), ~has_account)
                .distinct()
                .order_by(Operator.name, Booking.currency)
            ).all()
            accounts = db.execute(
                select(Account.id, Account.name, Account.currency, Operator.name)
                .join(Operator, Operator.id == Account.operator_id)
                .where(Account.active, Account.provider.in_(PROVIDERS))
                .order_by(Account.id)
            ).all()
            for account_id, name, currency, owner in accounts:
                title = f"account {name} of {owner}"
                try:
                    adapter = runtime.accounts.adapter(db, account_id)
                except Unreadable:
                    hint = "set SECRET_KEY_PREVIOUS to the secret that it was made with"
                    yield fail(f"{title}: its secrets cannot be opened", hint)
                except ValueError as error:
                    yield fail(f"{title}: cannot work", str(error))
                else:
                    opened.append(_Opened(title, currency, adapter))
    except SQLAlchemyError:
        yield fail("accounts: cannot be read", "the lines on the database say why")
        return
    for owner, currency in missing:
        hint = "its bookings cannot be paid in the chat"
        yield warn(f"operator {owner}: no account takes {currency}", hint)
    for each in opened:
        yield _ask_provider(each)


def _ask_provider(opened: _Opened) -> Finding:
    """Ask something harmless: the provider must answer, and take our credentials."""
    try:
        opened.adapter.probe()
    except ProviderError as error:
        hint = "look at its address and key"
        return fail(f"{opened.name}: {opened.adapter.title} does not serve us: {error}", hint)
    return ok(f"{opened.name}: {opened.adapter.title} answers")
