"""What the tests stand on: a real server, a bot that writes down what it hears, the SDK."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from flask import Flask, Response, request
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from werkzeug.serving import make_server

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "a-token-that-only-tests-know"
NUMBER = "whatsapp:+14155238886"
CUSTOMER = "whatsapp:+263771234567"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a free loopback port; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Heard:
    """One POST that the bot got."""

    url: str
    form: dict[str, str]
    signature: str
    token: str


@dataclass
class Bot:
    """A bot that only listens. `answers` are the statuses it gives next, then it gives 200."""

    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pause_seconds: float = 0.0

    def app(self) -> Flask:
        app = Flask("bot")

        @app.post("/<path:path>")
        def hear(path: str) -> Response:
            self.heard.append(
                Heard(
                    request.url,
                    request.form.to_dict(),
                    request.headers["X-Twilio-Signature"],
                    request.headers["I-Twilio-Idempotency-Token"],
                )
            )
            time.sleep(self.pause_seconds)
            status = self.answers.pop(0) if self.answers else 200
            body = "<Response/>" if path.startswith("whatsapp") else ""
            return Response(body, status, mimetype="text/xml")

        return app

    def statuses(self) -> list[str]:
        """What the status callbacks said, in order of arrival."""
        return [one.form["MessageStatus"] for one in self.heard if "MessageStatus" in one.form]


class Rewriting(TwilioHttpClient):
    """The SDK's own HTTP client, with the simulator's address in place of Twilio's."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = urlsplit(root)

    def request(self, method: str, url: str, *rest: Any, **named: Any) -> Any:
        address = urlsplit(url)._replace(scheme=self._root.scheme, netloc=self._root.netloc)
        return super().request(method, urlunsplit(address), *rest, **named)


@dataclass(frozen=True)
class World:
    """A running simulator and the bot that it calls."""

    root: str
    bot_root: str
    bot: Bot

    def client(self, auth_token: str = AUTH_TOKEN) -> Client:
        """The twilio SDK's client, talking to this simulator."""
        return Client(ACCOUNT_SID, auth_token, http_client=Rewriting(self.root))

    def write(self, body: str = "hello", sender: str = CUSTOMER, **more: object) -> dict[str, Any]:
        """A customer writes; what the simulator says of it."""
        given = {"from": sender, "body": body, "profile_name": "Tendai", **more}
        return self.post("/_sim/twilio/inbound", given)

    def send(self, body: str = "hello", **more: Any) -> Any:
        """The bot writes to the customer, with a status callback."""
        callback = f"{self.bot_root}/whatsapp/status?uuid=7f3a"
        named = {"to": CUSTOMER, "from_": NUMBER, "status_callback": callback, **more}
        if "content_sid" not in named:
            named["body"] = body
        return self.client().messages.create(**named)

    def post(self, path: str, value: object) -> dict[str, Any]:
        answer = requests.post(self.root + path, json=value, timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str) -> Any:
        return requests.get(self.root + path, timeout=10).json()

    def turn(self, **knobs: object) -> None:
        self.post("/_sim/twilio/knobs", knobs)


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Returns as soon as it is true; fails when it does not become so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
