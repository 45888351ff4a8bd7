"""PhonePe's access token: one for all processes, renewed at half of its life by one of them.

kept and young                   used
kept, past half of its life      one renews it, the others go on with it
none, or refused with HTTP 401   one fetches it, the others wait a little, then fetch as well
"""

import hashlib
import re
import threading
import time
from dataclasses import dataclass, field, replace

from providers.answers import UNREADABLE, JsonAnswer
from providers.contract import Call, ProviderUncertain
from providers.http import Door
from providers.phonepe.settings import PhonePeSettings
from providers.phonepe.words import NAME
from providers.wire_json import read_json_object, write_json

_TOKEN = re.compile(r"[!-~]{1,8192}")
_SCHEME = re.compile(r"[A-Za-z-]{1,32}")
_PAUSE_SECONDS = 0.02


class NoToken(Exception):
    """There is no token to be had; `call` says why. What needed one was not sent."""

    def __init__(self, call: Call, retry_after_seconds: float = 0) -> None:
        super().__init__(f"token: http={call.http_status} code={call.code}")
        self.call = replace(call, body="")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class _Token:
    """`authorization` is the whole header; times are milliseconds since 1970, by our clock."""

    authorization: str = field(repr=False)
    renew_at: int
    ends_at: int


class Tokens:
    """The token of one account. Threads and forks may share it.

    Fetching takes at most `fetch_seconds`, waiting for somebody else's at most `wait_seconds`.
    """

    def __init__(
        self, settings: PhonePeSettings, fetch_seconds: float, wait_seconds: float
    ) -> None:
        self._form = {
            "client_id": settings.client_id,
            "client_version": settings.client_version,
            "client_secret": settings.client_secret,
            "grant_type": "client_credentials",
        }
        self._shelf = settings.surroundings.shelf
        whose = f"{settings.token_url} {settings.client_id} {settings.client_version}"
        self._name = f"phonepe-token-{hashlib.sha256(whose.encode()).hexdigest()[:32]}"
        self._fetch_seconds = fetch_seconds
        self._wait_seconds = wait_seconds
        self._door = Door(
            NAME,
            settings.token_url,
            headers={},
            connect_seconds=settings.timeouts.connect_seconds,
            total_seconds=fetch_seconds,
            secrets=(settings.client_secret,),
            code_field="errorCode",
        )
        self._own: _Token | None = None  # for when the shelf is away
        self._inside = threading.Lock()

    def authorization(self, refused: str = "") -> str:
        """The header to send, another one than `refused`. Raises NoToken."""
        token = self._kept(refused)
        if token is not None and _now() < token.renew_at:
            return token.authorization
        with self._shelf.alone(self._name, self._fetch_seconds) as is_alone:
            if is_alone:
                return self._renewed(refused)
        return self._awaited(refused)

    def _renewed(self, refused: str) -> str:
        # Without a shelf, every process is alone: at least its own threads take turns.
        with self._inside:
            token = self._kept(refused)  # somebody was faster
            if token is not None and _now() < token.renew_at:
                return token.authorization
            try:
                return self._fetch()
            except NoToken:
                if token is None:
                    raise
                return token.authorization  # it still holds

    def _awaited(self, refused: str) -> str:
        ends = time.monotonic() + self._wait_seconds
        while time.monotonic() < ends:
            token = self._kept(refused)
            if token is not None:
                return token.authorization
            time.sleep(_PAUSE_SECONDS)
        return self._fetch()

    def _kept(self, refused: str) -> _Token | None:
        token = _read(self._shelf.read(self._name)) or self._own
        if token is None or token.authorization == refused or token.ends_at <= _now():
            return None
        return token

    def _fetch(self) -> str:
        try:
            answer = self._door.call_json("token", "POST", "/v1/oauth/token", form=self._form)
        except ProviderUncertain as error:
            raise NoToken(error.call) from None
        if not answer.ok:
            raise NoToken(answer.call, answer.pause_seconds("retry-after"))
        token = _received(answer)
        self._own = token
        text = write_json({"token": [token.authorization, token.renew_at, token.ends_at]})
        self._shelf.keep(self._name, text, (token.ends_at - _now()) / 1000)
        return token.authorization


def _received(answer: JsonAnswer) -> _Token:
    """A token by our own clock: only how long it lasts is taken from theirs. Raises NoToken."""
    now = _now()
    text, scheme = answer.fields.get("access_token"), answer.fields.get("token_type")
    ends, issued = answer.fields.get("expires_at"), answer.fields.get("issued_at")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise NoToken(replace(answer.call, code=UNREADABLE))
    if not isinstance(scheme, str) or not _SCHEME.fullmatch(scheme):
        raise NoToken(replace(answer.call, code=UNREADABLE))
    if not isinstance(ends, int) or not isinstance(issued, int) or not 0 < ends - issued < 10**8:
        raise NoToken(replace(answer.call, code=UNREADABLE))
    life = (ends - issued) * 1000
    return _Token(f"{scheme} {text}", now + life // 2, now + life)


def _read(text: str | None) -> _Token | None:
    fields = read_json_object((text or "").encode())
    match fields.get("token") if fields is not None else None:
        case [str() as authorization, int() as renew_at, int() as ends_at]:
            return _Token(authorization, renew_at, ends_at)
    return None


def _now() -> int:
    return round(time.time() * 1000)
