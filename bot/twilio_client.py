"""The twilio SDK's client as we use it: one kept session, a time limit, no repeats, and an address
of its own where a simulator is to answer.
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot.config import Settings

_TIMEOUT_SECONDS = (5, 10)
_CONNECTIONS = 10


class _Http(HttpClient):
    """The SDK's way out: one kept session, a time limit, no redirects, no repeats, no proxy from
    the environment.

    With `api_url` everything goes there instead of to Twilio's hosts: a simulator.
    """

    def __init__(self, api_url: str | None) -> None:
        super().__init__(logger=_Silent(), is_async=False)
        self._base = urlsplit(api_url) if api_url else None
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, str] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        allow_redirects: bool = False,
        **_unused: Any,
    ) -> Response:
        if self._base is not None:
            parts = urlsplit(url)
            url = urlunsplit(
                (
                    self._base.scheme,
                    self._base.netloc,
                    self._base.path + parts.path,
                    parts.query,
                    "",
                )
            )
        is_json = (headers or {}).get("Content-Type") == "application/json"
        answer = self._session.request(
            method,
            url,
            params=params,
            data=None if is_json else data,
            json=data if is_json else None,
            headers=headers,
            auth=auth,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=allow_redirects,
        )
        return Response(answer.status_code, answer.text, answer.headers)


class _Silent:
    """The SDK's logger would write requests with their bodies."""

    def debug(self, *_args: object) -> None: ...

    def info(self, *_args: object) -> None: ...


def twilio_client(settings: Settings) -> Client:
    """The SDK's client for our account. Raises ValueError where Twilio is not configured."""
    if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
        raise ValueError("Twilio is not configured")
    return Client(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        http_client=_Http(settings.twilio_api_url),
    )
