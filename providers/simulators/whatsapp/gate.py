"""What stands before every call of the simulated REST API: the password and the knobs."""

import hmac
import time
from collections.abc import Callable

from flask import Response, jsonify, request

from providers.simulators.whatsapp.knobs import DROP, FAIL, LATE, LOSE, REFUSE, SILENT, SLOW, Knobs
from providers.simulators.wire_faults import cut_connection, stay_silent


class Problem(Exception):
    """A call that Twilio refuses, with its HTTP status, its error code and its words."""

    def __init__(self, code: int, message: str, http_status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status

    def answer(self) -> Response:
        """Twilio's error body."""
        answer = jsonify(
            code=self.code,
            message=self.message,
            more_info=f"https://www.twilio.com/docs/errors/{self.code}",
            status=self.http_status,
        )
        answer.status_code = self.http_status
        return answer


class Gate:
    """Lets a call through, or does to it what the knobs say."""

    def __init__(self, account_sid: str, auth_token: str, knobs: Knobs) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._knobs = knobs

    def answer(self, operation: str, act: Callable[[], Response], to: str = "") -> Response:
        """Authenticate, then act as the knobs allow. Every call of the API comes through here."""
        try:
            self._authenticate()
            return self._act(operation, act, to)
        except Problem as problem:
            return problem.answer()

    def _authenticate(self) -> None:
        given = request.authorization
        account = (request.view_args or {}).get("account_sid", self._account_sid)
        if (
            given is None
            or given.type != "basic"
            or account != self._account_sid
            or not _same(given.username or "", self._account_sid)
            or not _same(given.password or "", self._auth_token)
        ):
            raise Problem(20003, "Authenticate", 401)

    def _act(self, operation: str, act: Callable[[], Response], to: str) -> Response:
        if self._knobs.turned.latency_seconds:
            time.sleep(self._knobs.turned.latency_seconds)
        fault = self._knobs.take(operation, to)
        if fault is None:
            return act()
        if fault.kind == SLOW:
            time.sleep(fault.seconds)
        if fault.kind == REFUSE:
            raise Problem(fault.code, "The simulator was asked to refuse", fault.http_status)
        if fault.kind == SILENT:
            return stay_silent(fault.seconds)
        if fault.kind == DROP:
            return cut_connection()
        answer = act()
        if fault.kind == LATE:
            time.sleep(fault.seconds)
        if fault.kind == FAIL:
            raise Problem(
                fault.code, "The simulator did it and was asked to fail", fault.http_status
            )
        return cut_connection() if fault.kind == LOSE else answer


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
