"""Calls to PhonePe's API of today (v2): each with the account's token, within one deadline.

A refused token moved nothing, so a call that got HTTP 401 is made once more with a new one, writes
too. Shares of an operation's time: a tenth to wait for somebody else's token, a fifth to fetch one,
two fifths for each call. What would not fit any more is not begun.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from providers.answers import NOT_CONNECTED, TURNED_AWAY, JsonAnswer, not_called
from providers.contract import ProviderRefused, ProviderUncertain, Reason
from providers.http import Door
from providers.phonepe.reading import answered, uncertain
from providers.phonepe.settings import PhonePeSettings
from providers.phonepe.tokens import NoToken, Tokens
from providers.phonepe.words import NAME
from providers.wire_json import JsonValue

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call to make. `private` are the numbers and names of the customer."""

    operation: str
    method: str
    path: str
    json: Mapping[str, JsonValue] | None = field(default=None, repr=False)
    params: Mapping[str, str] | None = None
    private: tuple[str, ...] = field(default=(), repr=False)


class Watch:
    """How much of an operation's time is left."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def allows(self, seconds: float) -> bool:
        """Whether something that takes so long may still begin."""
        return time.monotonic() + seconds <= self._ends


class Api:
    """One account's calls. Threads and forks may share it."""

    def __init__(self, settings: PhonePeSettings) -> None:
        total = settings.timeouts.call_seconds
        self._settings = settings
        self._call_seconds = total * 0.4
        self._again_seconds = total * 0.7
        self._tokens = Tokens(settings, fetch_seconds=total * 0.2, wait_seconds=total * 0.1)
        self._kept: tuple[str, Door] | None = None

    def watch(self) -> Watch:
        """The time of one operation, beginning now."""
        return Watch(self._settings.timeouts.call_seconds)

    def read(self, wanted: Wanted, watch: Watch) -> JsonAnswer:
        """A call that changes nothing. Raises ProviderUncertain."""
        try:
            answer = self._exchange(wanted, watch)
        except NoToken as error:
            raise ProviderUncertain(
                error.call, Reason.UNAVAILABLE, error.retry_after_seconds
            ) from None
        if answer.call.http_status in TURNED_AWAY:
            pause_seconds = answer.pause_seconds("retry-after")
            raise ProviderUncertain(answer.call, Reason.UNAVAILABLE, pause_seconds)
        return answer

    def write(self, wanted: Wanted, watch: Watch) -> JsonAnswer:
        """A call that changes something. Raises ProviderRefused where it surely did not, and
        ProviderUncertain.
        """
        try:
            answer = self._exchange(wanted, watch)
        except NoToken as error:
            if error.call.http_status is None:
                raise uncertain(replace(error.call, code=NOT_CONNECTED)) from None
            raise ProviderRefused(
                error.call, Reason.UNAVAILABLE, error.retry_after_seconds
            ) from None
        if answer.call.http_status in TURNED_AWAY:
            pause_seconds = answer.pause_seconds("retry-after")
            raise ProviderRefused(answer.call, Reason.UNAVAILABLE, pause_seconds)
        return answer

    def _exchange(self, wanted: Wanted, watch: Watch) -> JsonAnswer:
        authorization = self._tokens.authorization()
        if not watch.allows(self._call_seconds):
            raise uncertain(not_called(wanted.operation, NOT_CONNECTED))
        answer = self._call(authorization, wanted)
        if answer.call.http_status == _UNAUTHORIZED and watch.allows(self._again_seconds):
            return self._call(self._tokens.authorization(refused=authorization), wanted)
        return answer

    def _call(self, authorization: str, wanted: Wanted) -> JsonAnswer:
        door = self._door(authorization)
        return answered(
            lambda: door.call_json(
                wanted.operation,
                wanted.method,
                wanted.path,
                json=wanted.json,
                params=wanted.params,
                private=wanted.private,
            )
        )

    def _door(self, authorization: str) -> Door:
        """A door for each token: it knows what it must never show, and a token lives longer than a
        connection.
        """
        kept = self._kept
        if kept is not None and kept[0] == authorization:
            return kept[1]
        door = Door(
            NAME,
            self._settings.payment_url,
            headers={"Authorization": authorization},
            connect_seconds=self._settings.timeouts.connect_seconds,
            total_seconds=self._call_seconds,
            secrets=(
                authorization,
                authorization.partition(" ")[2],
                self._settings.client_secret,
                self._settings.webhook_password,
            ),
        )
        self._kept = (authorization, door)
        return door
