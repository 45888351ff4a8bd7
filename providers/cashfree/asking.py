"""What a link or an order is made of: phone, addresses, the end of its life."""

from datetime import UTC, datetime, timedelta

from providers.answers import not_called
from providers.cashfree.api import CashfreeSettings
from providers.cashfree.words import CURRENCIES
from providers.contract import Charge, ProviderRefused, Reason
from providers.references import wire_reference
from providers.wire_json import JsonValue

SHORTEST_LIFE_SECONDS = 900
LEAST_MINOR = 100
_LONGEST_URL = 250
_LONGEST_PURPOSE = 500


def life_seconds(settings: CashfreeSettings) -> int:
    """How long a link or an order lives: a shorter life than this is not known to be taken."""
    return max(settings.link_seconds, SHORTEST_LIFE_SECONDS)


def expiry(settings: CashfreeSettings) -> datetime:
    """When what is made now ends, in whole seconds."""
    now = datetime.now(UTC).replace(microsecond=0)
    return now + timedelta(seconds=life_seconds(settings))


def addresses(settings: CashfreeSettings) -> dict[str, JsonValue]:
    """Where notices and customers go, as far as Cashfree takes it: https, 250 characters."""
    given = (("notify_url", settings.notify_url), ("return_url", settings.return_url))
    return {
        name: url for name, url in given if url.startswith("https://") and len(url) <= _LONGEST_URL
    }


def wire_phone(digits: str) -> str:
    """International digits without plus as Cashfree wants them: ten digits of an Indian number,
    `+` and all digits of another.
    """
    is_indian = digits.startswith("91") and len(digits) == 12
    return digits[2:] if is_indian else f"+{digits}"


def phone_of(charge: Charge) -> str:
    """The customer's phone for the wire; raises ProviderRefused for what can be no link.

    Cashfree takes no link without a phone, and a contact may have none.
    """
    if charge.amount.currency not in CURRENCIES:
        raise _unfit("bad_currency")
    if charge.amount.amount_minor < LEAST_MINOR:
        raise _unfit("bad_amount")
    if not charge.customer_phone:
        raise _unfit("no_phone")
    return wire_phone(charge.customer_phone)


def link_body(
    charge: Charge, phone: str, expires_at: datetime, settings: CashfreeSettings
) -> dict[str, JsonValue]:
    """The body of `POST /links`. No name and no message of Cashfree's own to the customer."""
    return {
        "link_id": wire_reference(charge.reference),
        "link_amount": charge.amount.to_decimal(),
        "link_currency": charge.amount.currency,
        "link_purpose": charge.description[:_LONGEST_PURPOSE],
        "customer_details": {"customer_phone": phone},
        "link_expiry_time": expires_at.isoformat(),
        "link_partial_payments": False,
        "link_notify": {"send_sms": False, "send_email": False},
        "link_auto_reminders": False,
        "link_meta": addresses(settings),
    }


def _unfit(code: str) -> ProviderRefused:
    return ProviderRefused(not_called("create_link", code), Reason.BAD_REQUEST)
