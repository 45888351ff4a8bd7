"""What one PhonePe account consists of: keys of the API of today (v2), or of the old one (v1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from providers.entry import Surroundings, Timeouts
from providers.phonepe.words import (
    PAYMENT_HOSTS,
    SCRIPT_HOSTS,
    SCRIPT_PATH,
    TOKEN_HOSTS,
    V1_HOSTS,
)

_KEY = re.compile(r"[!-~]{1,512}")


class Checkout(StrEnum):
    """What PhonePe has enabled for the merchant: links, its pay page, or UPI QR codes."""

    LINK = "link"
    PAGE = "page"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class PhonePeSettings:
    """A v2 account. `payment_url`, `token_url` and `script_url` are where its environment is.

    Raises ValueError for what can never work; the message holds no key.
    """

    payment_url: str
    token_url: str
    script_url: str
    client_id: str
    client_secret: str = field(repr=False)
    client_version: str
    webhook_username: str
    webhook_password: str = field(repr=False)
    checkout: Checkout
    timeouts: Timeouts
    surroundings: Surroundings

    def __post_init__(self) -> None:
        for name, key in (
            ("client id", self.client_id),
            ("client secret", self.client_secret),
            ("client version", self.client_version),
        ):
            _check_key(name, key)


@dataclass(frozen=True, slots=True)
class PhonePeV1Settings:
    """A v1 account: merchant id, salt key and its index."""

    payment_url: str
    merchant_id: str
    salt_key: str = field(repr=False)
    salt_index: str
    timeouts: Timeouts
    surroundings: Surroundings

    def __post_init__(self) -> None:
        _check_key("salt key", self.salt_key)
        if not re.fullmatch(r"[\w-]{1,38}", self.merchant_id, re.ASCII):
            raise ValueError("the merchant id of PhonePe must be letters and digits")
        if not self.salt_index.isdecimal():
            raise ValueError("the salt index of PhonePe must be a number")


def is_v1(credentials: Mapping[str, str]) -> bool:
    """Whether these are an old account's: any of its three keys says so."""
    return any(credentials.get(key) for key in ("merchant_id", "salt_key", "salt_index"))


def read_settings(
    credentials: Mapping[str, str], timeouts: Timeouts, surroundings: Surroundings
) -> PhonePeSettings:
    """A v2 account. Raises ValueError for what can never work."""
    environment = _environment(credentials)
    base_url = _base_url(credentials)
    try:
        checkout = Checkout(credentials.get("checkout") or Checkout.LINK)
    except ValueError:
        raise ValueError("the checkout of PhonePe must be link, page or qr") from None
    return PhonePeSettings(
        payment_url=base_url or PAYMENT_HOSTS[environment],
        token_url=base_url or TOKEN_HOSTS[environment],
        script_url=(base_url or SCRIPT_HOSTS[environment]) + SCRIPT_PATH,
        client_id=credentials["client_id"],
        client_secret=credentials["client_secret"],
        client_version=credentials["client_version"],
        webhook_username=credentials["webhook_username"],
        webhook_password=credentials["webhook_password"],
        checkout=checkout,
        timeouts=timeouts,
        surroundings=surroundings,
    )


def read_v1_settings(
    credentials: Mapping[str, str], timeouts: Timeouts, surroundings: Surroundings
) -> PhonePeV1Settings:
    """A v1 account. Raises ValueError for what can never work."""
    environment = _environment(credentials)
    return PhonePeV1Settings(
        payment_url=_base_url(credentials) or V1_HOSTS[environment],
        merchant_id=credentials["merchant_id"],
        salt_key=credentials["salt_key"],
        salt_index=credentials["salt_index"],
        timeouts=timeouts,
        surroundings=surroundings,
    )


def _environment(credentials: Mapping[str, str]) -> str:
    environment = credentials["environment"]
    if environment not in PAYMENT_HOSTS:
        raise ValueError("the environment of PhonePe must be SANDBOX or PRODUCTION")
    return environment


def _base_url(credentials: Mapping[str, str]) -> str:
    base_url = credentials.get("base_url", "")
    if base_url and not base_url.startswith(("https://", "http://")):
        raise ValueError("the base URL of PhonePe must begin with https:// or http://")
    return base_url.rstrip("/")


def _check_key(name: str, key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"the {name} of PhonePe must be printable characters, no spaces")
