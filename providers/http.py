"""The one HTTP door to the providers: one call, one deadline, one line of log, three answers.

    answered 2xx or 4xx               an Answer; its adapter reads the words
    no answer, 3xx, 5xx, unreadable   ProviderUncertain, decided here once for all providers

Nothing is ever repeated or redirected here, and nothing private leaves: an answer is shown redacted
and cut.
"""

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlencode

import requests
import structlog
from urllib3.exceptions import HTTPError

from providers.answers import (
    CONNECTION_LOST,
    NOT_CONNECTED,
    REDIRECTED,
    SERVER_ERROR,
    TIMED_OUT,
    TOO_LARGE,
    UNREADABLE,
    Answer,
    JsonAnswer,
)
from providers.contract import Call, ProviderUncertain, Reason
from providers.deadline import Deadline, DeadlineAdapter
from providers.redaction import Redactor
from providers.wire_json import JsonValue, read_json, write_json

_CHUNK_BYTES = 16 * 1024
# Whatever requests, urllib3, http.client, ssl and socket may raise; those of requests are OSErrors.
_LIBRARY_ERRORS = (HTTPError, HTTPException, OSError, ValueError)
_CODE = re.compile(r"[\w.:-]{1,64}", re.ASCII)

LOG: structlog.typing.FilteringBoundLogger = structlog.get_logger("providers.http")


@dataclass(frozen=True, slots=True)
class _Request:
    operation: str
    method: str
    path: str
    body: bytes | None = field(repr=False)
    params: Mapping[str, str] | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    redactor: Redactor = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What came back: a whole body, or the trouble that we had instead."""

    status: int | None
    body: bytes = field(repr=False)
    trouble: str | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Door:
    """Calls one provider at one address. Threads and forks may share it: each has own connections.

    `total_seconds` bounds a whole call, connecting included. `secrets` are never shown.
    `code_field` names the field of a JSON answer that holds the provider's code.
    `client_certificate` is (certificate file, key file).
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Mapping[str, str],
        connect_seconds: float = 10.0,
        total_seconds: float = 30.0,
        max_bytes: int = 256 * 1024,
        secrets: Sequence[str] = (),
        code_field: str = "code",
        client_certificate: tuple[str, str] | None = None,
    ) -> None:
        self._name = name
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._timeouts = (min(connect_seconds, total_seconds), total_seconds)
        self._total_seconds = total_seconds
        self._max_bytes = max_bytes
        self._secrets = tuple(secrets)
        self._code_field = code_field
        self._client_certificate = client_certificate
        self._local = threading.local()
        # urllib3 writes whole addresses into its log, and some providers take a token in them.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

    def __repr__(self) -> str:
        return f"Door({self._name!r})"

    def call_json(
        self,
        operation: str,
        method: str,
        path: str,
        json: Mapping[str, JsonValue] | None = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        private: Sequence[str] = (),
    ) -> JsonAnswer:
        """One call: its body JSON or a form, its answer one JSON object, or a list of them.

        `private` are the code, the phone numbers and the names of this call, of which no echo is
        kept; `headers` are beside those of every call. Raises ProviderUncertain where nothing came
        that an adapter could read.
        """
        request = self._request(operation, method, path, json, form, params, headers, private)
        answer = self._exchange(request)
        read = read_json(answer.body)
        if read is None:
            raise self._uncertain(answer.to_call(UNREADABLE))
        fields, items = (read, ()) if isinstance(read, Mapping) else ({}, read)
        call = answer.to_call(_code_in(fields, self._code_field, request.redactor))
        self._report(call)
        return JsonAnswer(call, 200 <= answer.status < 300, fields, items, answer.headers)

    def _request(
        self,
        operation: str,
        method: str,
        path: str,
        json: Mapping[str, JsonValue] | None,
        form: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        private: Sequence[str],
    ) -> _Request:
        own = dict(headers or {})
        body = None
        if json is not None:
            body = write_json(json).encode()
            own["Content-Type"] = "application/json"
        elif form is not None:
            body = urlencode(form).encode()
            own["Content-Type"] = "application/x-www-form-urlencoded"
        redactor = Redactor(self._secrets, private)
        return _Request(operation, method, path, body, params, own, redactor)

    def _exchange(self, request: _Request) -> Answer:
        began = time.monotonic()
        fetched = self._fetch(request)
        milliseconds = round((time.monotonic() - began) * 1000)
        if fetched.status is None or fetched.trouble in (TIMED_OUT, CONNECTION_LOST, TOO_LARGE):
            # Half a body is not kept: half of a code could stand at its end, and not be found.
            call = Call(request.operation, fetched.status, milliseconds, fetched.trouble)
            raise self._uncertain(call)
        shown = request.redactor.show(fetched.body)
        digest = hashlib.sha256(fetched.body).hexdigest()
        answer = Answer(
            request.operation,
            fetched.status,
            milliseconds,
            digest,
            shown,
            fetched.body,
            fetched.headers,
        )
        if fetched.trouble is not None:
            raise self._uncertain(answer.to_call(fetched.trouble))
        return answer

    def _fetch(self, request: _Request) -> _Fetched:
        """Never raises for what the other side does: texts of errors hold addresses."""
        status = None
        with Deadline(self._total_seconds) as deadline:
            try:
                with self._session().request(
                    request.method,
                    self._base_url + request.path,
                    params=request.params,
                    data=request.body,
                    headers=dict(request.headers),
                    timeout=self._timeouts,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    status = response.status_code
                    headers = {name.lower(): text for name, text in response.headers.items()}
                    body = self._read(response)
            except _LIBRARY_ERRORS as error:
                return _Fetched(status, b"", _trouble(error, deadline))
        if deadline.cut:  # a body without a length looks whole when its connection is cut
            return _Fetched(status, b"", TIMED_OUT)
        if body is None:
            return _Fetched(status, b"", TOO_LARGE)
        return _Fetched(status, body, _unwelcome(status), headers)

    def _read(self, response: requests.Response) -> bytes | None:
        """The whole body, or None for one above the limit: what is over it is never read."""
        body = bytearray()
        for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > self._max_bytes:
                return None
        return bytes(body)

    def _session(self) -> requests.Session:
        """This thread's session. A connection that was opened before a fork is the parent's."""
        if getattr(self._local, "process", None) != os.getpid():
            session = requests.Session()
            session.trust_env = False  # no proxies, no .netrc: the address is ours alone to say
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.mount("http://", DeadlineAdapter())
            session.mount("https://", DeadlineAdapter())
            session.cert = self._client_certificate
            session.headers.clear()
            session.headers.update({"User-Agent": "Tourpay", "Accept": "application/json"})
            session.headers.update({"Accept-Encoding": "identity", **self._headers})
            self._local.session = session
            self._local.process = os.getpid()
        current: requests.Session = self._local.session
        return current

    def _uncertain(self, call: Call) -> ProviderUncertain:
        self._report(call, level=logging.WARNING)
        return ProviderUncertain(call, Reason.UNAVAILABLE)

    def _report(self, call: Call, level: int = logging.INFO) -> None:
        LOG.log(
            level,
            "provider_call",
            provider=self._name,
            operation=call.operation,
            http_status=call.http_status,
            milliseconds=call.milliseconds,
            code=call.code,
        )


def _code_in(fields: Mapping[str, object], name: str, redactor: Redactor) -> str | None:
    """The provider's code, fit for a log: short, one word, and nothing private by accident."""
    code = fields.get(name)
    if not isinstance(code, str | int) or isinstance(code, bool):
        return None
    word = str(code)
    return word if _CODE.fullmatch(word) and not redactor.finds(word) else None


def _trouble(error: Exception, deadline: Deadline) -> str:
    if not deadline.sent:
        return NOT_CONNECTED
    if deadline.cut or isinstance(error, requests.Timeout):
        return TIMED_OUT
    return CONNECTION_LOST


def _unwelcome(status: int) -> str | None:
    if 200 <= status < 300 or 400 <= status < 500:
        return None
    return REDIRECTED if 300 <= status < 400 else SERVER_ERROR
