"""PhonePe's access token: kept for all, renewed early and by one, never shown, never late."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from providers.answers import NOT_CONNECTED, UNREADABLE
from providers.contract import ProviderRefused, ProviderUncertain, Status
from providers.entry import Shelf, Surroundings, Timeouts
from providers.phonepe import ENTRY
from providers.wire_json import write_json
from tests.providers.clock import Clock
from tests.providers.harness_phonepe import CHARGE, TOKEN_FIELDS, V2, phonepe
from tests.providers.servers import Wire, http, mute, wire
from tests.providers.shelf import MemoryShelf

OPEN = b'{"orderId":"OMO1","state":"PENDING","amount":15000}'
LINK = b'{"orderId":"OMO1","state":"ACTIVE","paylinkUrl":"https://phon.pe/a"}'
REFUSED = http(401, b'{"code":"AUTHORIZATION_FAILED"}')


def make(url: str, shelf: Shelf, seconds: float = 10.0, **changes: str) -> Any:
    surroundings = Surroundings("https://a/c", "https://a/b", shelf)
    timeouts = Timeouts(call_seconds=seconds)
    return ENTRY.make({**V2, **changes, "base_url": url}, timeouts, surroundings)


def age(provider: Any, shelf: MemoryShelf) -> None:
    """Half of the token's life is over."""
    name = provider._api._tokens._name
    authorization, renew_at, ends_at = json.loads(shelf.read(name) or "")["token"]
    assert renew_at == pytest.approx(time.time() * 1000 + 1_800_000, abs=30_000)
    assert ends_at == pytest.approx(time.time() * 1000 + 3_600_000, abs=30_000)
    shelf.keep(name, write_json({"token": [authorization, 1, ends_at]}), 60)


class Issuer:
    """Gives tokens, one after another, and takes those that it calls good."""

    def __init__(self) -> None:
        self.given = 0
        self.bad: set[str] = set()
        self.token_answer: bytes | None = None
        self.pause_seconds = 0.0
        self.clock, self.refusal_seconds = Clock(), 0.0
        self.answer = OPEN
        self._lock = threading.Lock()

    @contextmanager
    def serving(self) -> Iterator[Wire]:
        """Each connection carries its requests one after another, so the last of ours is its."""

        def play(connection: socket.socket) -> None:
            request = server.requests[-1]
            if request.startswith(b"POST /v1/oauth"):
                time.sleep(self.pause_seconds)
                connection.sendall(self._token())
            elif any(f"O-Bearer {bad}\r".encode() in request for bad in self.bad):
                self.clock.ahead_seconds += self.refusal_seconds
                connection.sendall(REFUSED)
            else:
                connection.sendall(http(200, self.answer))

        with wire(play) as server:
            yield server

    def _token(self) -> bytes:
        with self._lock:
            self.given += 1
        if self.token_answer is not None:
            return self.token_answer
        fields = TOKEN_FIELDS | {
            "access_token": f"token-{self.given}",
        }
        return http(200, write_json(fields).encode())


def test_one_token_serves_many_calls_and_every_process() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        first, second = make(server.url, shelf), make(server.url, shelf)
        for provider in (first, second, first):
            assert provider.check(CHARGE).status is Status.OPEN
    assert issuer.given == 1


def test_another_client_has_another_token() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        make(server.url, shelf).check(CHARGE)
        make(server.url, shelf, client_id="ANOTHER").check(CHARGE)
        make(server.url, shelf, client_version="2").check(CHARGE)
    assert issuer.given == 3


def test_their_clock_does_not_matter_only_how_long_a_token_lasts() -> None:
    issuer = Issuer()  # its moments are a year old
    with issuer.serving() as server:
        provider = make(server.url, MemoryShelf())
        provider.check(CHARGE)
        provider.check(CHARGE)
    assert issuer.given == 1


def test_a_token_is_renewed_at_half_of_its_life() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        provider.check(CHARGE)
        provider.check(CHARGE)
        assert issuer.given == 1
        age(provider, shelf)
        provider.check(CHARGE)
    assert issuer.given == 2
    assert b"O-Bearer token-2" in server.requests[-1]


def test_who_finds_another_renewing_goes_on_with_the_token_that_holds() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        provider.check(CHARGE)
        age(provider, shelf)
        with shelf.alone(provider._api._tokens._name, 1.0) as alone:
            assert alone
            provider.check(CHARGE)
    assert issuer.given == 1
    assert b"O-Bearer token-1" in server.requests[-1]


def test_while_tokens_are_not_to_be_had_the_old_one_is_used() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        provider.check(CHARGE)
        issuer.token_answer = http(500, b"")
        age(provider, shelf)
        assert provider.check(CHARGE).status is Status.OPEN
    assert issuer.given == 2


def test_a_token_that_ended_is_none() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        provider.check(CHARGE)
        issuer.token_answer = http(500, b"")
        shelf.keep(provider._api._tokens._name, '{"token":["O-Bearer token-1",1,2]}', 60)
        with pytest.raises(ProviderUncertain):
            provider.check(CHARGE)


def test_who_waits_in_vain_for_anothers_token_fetches_one() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf, seconds=3.0)
        with shelf.alone(provider._api._tokens._name, 1.0):
            assert provider.check(CHARGE).status is Status.OPEN
    assert issuer.given == 1


def test_of_many_who_have_none_one_fetches() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    issuer.pause_seconds = 0.1
    with wire_for(issuer) as url, ThreadPoolExecutor(6) as threads:
        providers = [make(url, shelf) for _ in range(6)]
        outcomes = list(threads.map(lambda provider: provider.check(CHARGE), providers))
    assert [outcome.status for outcome in outcomes] == [Status.NOT_FOUND] * 6
    assert issuer.given == 1


@contextmanager
def wire_for(issuer: Issuer) -> Iterator[str]:
    """The simulator with a slow token: many connections at once need a real server."""
    with phonepe() as harness:
        harness.turn("token", "slow", seconds=issuer.pause_seconds)
        yield harness.url
        issuer.given = harness.book()["requests"]["SIMULATED_CLIENT"]["token"]


def test_without_a_shelf_each_process_keeps_its_own() -> None:
    class Away(MemoryShelf):
        def read(self, name: str) -> str | None:  # noqa: ARG002
            return None

    issuer = Issuer()
    with issuer.serving() as server:
        provider = make(server.url, Away())
        provider.check(CHARGE)
        provider.check(CHARGE)
    assert issuer.given == 1


@pytest.mark.parametrize("text", ["", "no json", '{"token":7}', '{"token":["a","b",3]}', "[1]"])
def test_nonsense_on_the_shelf_is_nothing(text: str) -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        shelf.keep(provider._api._tokens._name, text, 60)
        assert provider.check(CHARGE).status is Status.OPEN
    assert issuer.given == 1


def test_a_refused_token_is_replaced_once_and_the_call_made_again() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    issuer.bad = {"token-1"}
    with issuer.serving() as server:
        assert make(server.url, shelf).check(CHARGE).status is Status.OPEN
        assert issuer.given == 2
        issuer.bad, issuer.answer = {"token-2"}, LINK
        assert make(server.url, shelf).start(CHARGE).url == "https://phon.pe/a"
    assert issuer.given == 3
    assert sum(request.startswith(b"POST /paylinks") for request in server.requests) == 2


def test_a_token_that_somebody_else_replaced_is_taken_from_the_shelf() -> None:
    issuer, shelf = Issuer(), MemoryShelf()
    with issuer.serving() as server:
        provider = make(server.url, shelf)
        provider.check(CHARGE)
        issuer.bad = {"token-1"}
        make(server.url, shelf).check(CHARGE)
        provider.check(CHARGE)
    assert issuer.given == 2


def test_a_call_that_is_refused_twice_is_refused() -> None:
    issuer = Issuer()
    issuer.bad = {f"token-{number}" for number in range(9)}
    with issuer.serving() as server:
        provider = make(server.url, MemoryShelf())
        with pytest.raises(ProviderRefused) as refused:
            provider.start(CHARGE)
        assert sum(each.startswith(b"POST /paylinks") for each in server.requests) == 2
        with pytest.raises(ProviderUncertain):
            provider.check(CHARGE)
    assert refused.value.call.code == "AUTHORIZATION_FAILED"


def test_there_is_no_second_call_when_there_is_no_time_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuer = Issuer()
    issuer.bad, issuer.refusal_seconds = {"token-1"}, 3.5
    monkeypatch.setattr("providers.phonepe.api.time", issuer.clock)
    with issuer.serving() as server, pytest.raises(ProviderRefused):
        make(server.url, MemoryShelf(), seconds=10.0).start(CHARGE)
    assert sum(each.startswith(b"POST /paylinks") for each in server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(401, b'{"errorCode":"UNAUTHORIZED","message":"no","context":{}}'), "UNAUTHORIZED"),
        (http(400, b'{"code":"BAD_REQUEST"}'), None),
        (http(200, b"{}"), UNREADABLE),
        (http(200, b"<html>"), UNREADABLE),
        (http(500, b""), "server_error"),
        *(
            (http(200, write_json(TOKEN_FIELDS | change).encode()), UNREADABLE)
            for change in (
                {"access_token": "two words"},
                {"access_token": 7},
                {"token_type": "O-Bearer\r\nX: y"},
                {"token_type": None},
                {"expires_at": "later"},
                {"expires_at": 1},
                {"expires_at": 10**18},
                {"issued_at": None},
            )
        ),
    ],
)
def test_without_a_token_nothing_is_sent_and_nothing_of_it_shown(
    answer: bytes, code: str | None
) -> None:
    issuer = Issuer()
    issuer.token_answer = answer
    with issuer.serving() as server:
        provider = make(server.url, MemoryShelf())
        with pytest.raises(ProviderRefused) as refused:
            provider.start(CHARGE)
        with pytest.raises(ProviderUncertain) as uncertain:
            provider.check(CHARGE)
    assert all(request.startswith(b"POST /v1/oauth") for request in server.requests)
    assert refused.value.call.code == uncertain.value.call.code == code
    assert refused.value.call.body == uncertain.value.call.body == ""


def test_when_asked_to_wait_for_a_token_that_is_said() -> None:
    issuer = Issuer()
    issuer.token_answer = http(429, b"{}", "Retry-After: 9")
    with issuer.serving() as server, pytest.raises(ProviderRefused) as refused:
        make(server.url, MemoryShelf()).start(CHARGE)
    assert refused.value.retry_after_seconds == 9


def test_a_token_that_never_comes_takes_a_fifth_of_the_time_and_nothing_was_sent() -> None:
    with mute() as server:
        began = time.monotonic()
        with pytest.raises(ProviderUncertain) as uncertain:
            make(server.url, MemoryShelf(), seconds=2.0).start(CHARGE)
        assert time.monotonic() - began < 1.2
    assert uncertain.value.call.code == NOT_CONNECTED
