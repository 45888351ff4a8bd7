"""What an account with Kaspi is made of, for both ways in."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from providers.contract import LONGEST_HOLD_SECONDS, Terms

_BIN = re.compile(r"[0-9]{12}")
_SECRET = re.compile(r"[!-~]{1,512}")
_LAST_CHECKS_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class KaspiPace:
    """How long things live and when they are asked about. Times in seconds.

    A link must be opened within `link_seconds` and confirmed within `grace_seconds` more; it is
    asked about every `poll_seconds`. An invoice lives for `invoice_seconds` and is asked about at
    each of `invoice_checks_seconds`, counted from its start, and at its end: Kaspi forbids to poll
    invoices. Raises ValueError for what can never work.
    """

    connect_seconds: float = 10.0
    call_seconds: float = 30.0
    link_seconds: int = 180
    grace_seconds: int = 65
    poll_seconds: float = 5.0
    invoice_seconds: int = 86_400
    invoice_checks_seconds: tuple[int, ...] = (300, 3_600)

    def __post_init__(self) -> None:
        moments = (0, *self.invoice_checks_seconds, self.invoice_seconds)
        if any(later <= earlier for earlier, later in zip(moments, moments[1:], strict=False)):
            raise ValueError("the times to check a Kaspi invoice must rise, and end before it does")

    def terms(self, payer_number: str | None) -> Terms:
        """The terms of an invoice to this number; without one, of a link."""
        return self._link_terms() if payer_number is None else self._invoice_terms()

    def _link_terms(self) -> Terms:
        """When a link's making was not answered, nobody was given it, so "not found" counts once it
        must be dead.
        """
        whole_seconds = self.link_seconds + self.grace_seconds
        return Terms(
            call_seconds=self.call_seconds,
            hold_seconds=min(whole_seconds, LONGEST_HOLD_SECONDS),
            customer_seconds=self.link_seconds,
            check_delays_seconds=(self.poll_seconds,),
            expiry_grace_seconds=self.grace_seconds,
            negative_wait_seconds=whole_seconds,
        )

    def _invoice_terms(self) -> Terms:
        """The last check comes once it is over for good; its repetitions are for an answer that
        failed just then.
        """
        end_seconds = self.invoice_seconds + self.grace_seconds
        moments = (0, *self.invoice_checks_seconds, end_seconds)
        delays = (later - earlier for earlier, later in zip(moments, moments[1:], strict=False))
        return Terms(
            call_seconds=self.call_seconds,
            hold_seconds=min(self.invoice_seconds, LONGEST_HOLD_SECONDS),
            customer_seconds=self.invoice_seconds,
            check_delays_seconds=(*map(float, delays), _LAST_CHECKS_SECONDS),
            expiry_grace_seconds=self.grace_seconds,
        )


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Access through the PHP proxy, `https://<host>/api/v2/paymentkaspi`.

    Raises ValueError for what can never work; the message holds no secret.
    """

    base_url: str
    access_token: str = field(repr=False)
    organization_bin: str
    device_token: str = field(repr=False)
    pace: KaspiPace = field(default_factory=KaspiPace)

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        _check_bin(self.organization_bin)
        _check_secret("access token", self.access_token)
        _check_secret("device token", self.device_token)


@dataclass(frozen=True, slots=True)
class NativeSettings:
    """Access to Kaspi's own API, scheme r3: `https://<host>/r3`, without a version.

    `client_certificate` is (certificate file, key file); None only where there is no TLS.
    `status_version` is the version of the status call: `v02` tells the amount, too. The device
    token may be empty as long as no device is registered. Raises ValueError for what can never
    work; the message holds no secret.
    """

    base_url: str
    organization_bin: str
    device_token: str = field(default="", repr=False)
    client_certificate: tuple[str, str] | None = None
    status_version: str = "v01"
    pace: KaspiPace = field(default_factory=KaspiPace)

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        if not self.base_url.rstrip("/").endswith("/r3"):
            raise ValueError("the base URL of Kaspi must end with /r3, without a version")
        _check_bin(self.organization_bin)
        if self.device_token:
            _check_secret("device token", self.device_token)
        if self.status_version not in ("v01", "v02"):
            raise ValueError("the status version of Kaspi must be v01 or v02")
        for name in self.client_certificate or ():
            if not Path(name).is_file():
                raise ValueError("the client certificate and key of Kaspi must be files")


def _check_address(base_url: str) -> None:
    if not base_url.startswith(("https://", "http://")):
        raise ValueError("the base URL of Kaspi must begin with https:// or http://")


def _check_bin(organization_bin: str) -> None:
    if not _BIN.fullmatch(organization_bin):
        raise ValueError("the organization BIN of Kaspi must be 12 digits")


def _check_secret(name: str, secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise ValueError(f"the {name} of Kaspi must be printable characters, no spaces")
