"""Cashfree's API: who we are, how long a step may take, and how an answer refuses."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.answers import TIMED_OUT, TURNED_AWAY, JsonAnswer, not_called
from providers.cashfree.words import BASE_URLS
from providers.contract import ProviderError, ProviderRefused, ProviderUncertain, Reason
from providers.http import Door
from providers.wire_json import JsonValue

# An operation that takes several calls may take no longer than one: it is done in three steps.
STEPS = 3

_CREDENTIAL = re.compile(r"[!-~]{1,512}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class CashfreeSettings:
    """One merchant's access to Cashfree. Times in seconds.

    `environment` is `TEST` or `PRODUCTION`; `base_url` is another address than that environment's.
    `secret_key_previous` still counts for the signatures of notices. `notify_url` and `return_url`
    are sent when they are https, which Cashfree demands. Raises ValueError for what can never work;
    the message holds no key.
    """

    environment: str
    app_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_previous: str | None = field(default=None, repr=False)
    base_url: str | None = None
    api_version: str = "2025-01-01"
    notify_url: str = ""
    return_url: str = ""
    connect_seconds: float = 10.0
    call_seconds: float = 30.0
    link_seconds: int = 1_200

    def __post_init__(self) -> None:
        if self.environment not in BASE_URLS:
            raise ValueError("the environment of Cashfree must be TEST or PRODUCTION")
        if self.base_url and not self.base_url.startswith(("https://", "http://")):
            raise ValueError("the base URL of Cashfree must begin with https:// or http://")
        keys = (self.app_id, self.secret_key, self.secret_key_previous or "unset")
        if not all(_CREDENTIAL.fullmatch(key) for key in keys):
            raise ValueError("the keys of Cashfree must be printable characters, no spaces")
        if not _VERSION.fullmatch(self.api_version):
            raise ValueError("the API version of Cashfree must be a date such as 2025-01-01")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret keys that may have signed a notice."""
        previous = (self.secret_key_previous,) if self.secret_key_previous else ()
        return (self.secret_key, *previous)


class Api:
    """Calls Cashfree. Threads may share it."""

    def __init__(self, settings: CashfreeSettings) -> None:
        self._step_seconds = settings.call_seconds / STEPS
        self._whole = _door(settings, settings.call_seconds)
        self._step = _door(settings, self._step_seconds)

    def until(self, steps: int) -> float:
        """The moment (monotonic) after which no further call of an operation may begin."""
        return time.monotonic() + steps * self._step_seconds

    def read(
        self,
        operation: str,
        path: str,
        until: float,
        params: Mapping[str, str] | None = None,
        private: tuple[str, ...] = (),
    ) -> JsonAnswer:
        """One step that changes nothing."""
        if time.monotonic() > until:
            raise ProviderUncertain(not_called(operation, TIMED_OUT), Reason.UNAVAILABLE)
        return self._step.call_json(operation, "GET", path, params=params, private=private)

    def write(
        self,
        operation: str,
        method: str,
        path: str,
        json: Mapping[str, JsonValue] | None,
        key: str,
        private: tuple[str, ...] = (),
    ) -> JsonAnswer:
        """One step that changes something; `key` is its idempotency key, a UUID."""
        return self._step.call_json(
            operation, method, path, json=json, headers=_keyed(key), private=private
        )

    def write_alone(
        self,
        operation: str,
        path: str,
        json: Mapping[str, JsonValue],
        key: str,
        private: tuple[str, ...] = (),
    ) -> JsonAnswer:
        """A POST that is its whole operation, and so has all of the time."""
        return self._whole.call_json(
            operation, "POST", path, json=json, headers=_keyed(key), private=private
        )


def uncertain(answer: JsonAnswer, reason: Reason = Reason.UNAVAILABLE) -> ProviderUncertain:
    """An answer that says nothing that we understand, or asks us to come later."""
    return ProviderUncertain(answer.call, reason, answer.pause_seconds("x-ratelimit-retry"))


def refusal(answer: JsonAnswer) -> ProviderError:
    """What an answer to a write means that is not 2xx.

    409 and 422 say that there is something under this reference already, so they are no refusals.
    """
    status = answer.call.http_status
    if status in (409, 422):
        return uncertain(answer, Reason.DUPLICATE)
    if status in TURNED_AWAY:
        pause_seconds = answer.pause_seconds("x-ratelimit-retry")
        return ProviderRefused(answer.call, Reason.UNAVAILABLE, pause_seconds)
    if status in (400, 404) and isinstance(answer.fields.get("type"), str):
        return ProviderRefused(answer.call, Reason.BAD_REQUEST)
    return uncertain(answer)


def replayed(answer: JsonAnswer) -> bool:
    """Whether this is the stored answer to an earlier call, and may be out of date."""
    return answer.headers.get("x-idempotency-replayed") == "true"


def not_found(answer: JsonAnswer) -> bool:
    """Whether Cashfree itself says that there is none, and not some server on the way."""
    code = answer.call.code or ""
    return answer.call.http_status == 404 and code.endswith("_not_found")


def _door(settings: CashfreeSettings, total_seconds: float) -> Door:
    return Door(
        "cashfree",
        settings.base_url or BASE_URLS[settings.environment],
        headers={
            "x-client-id": settings.app_id,
            "x-client-secret": settings.secret_key,
            "x-api-version": settings.api_version,
        },
        connect_seconds=settings.connect_seconds,
        total_seconds=total_seconds,
        secrets=(*settings.secrets, settings.app_id),
    )


def _keyed(key: str) -> dict[str, str]:
    return {"x-idempotency-key": key}
