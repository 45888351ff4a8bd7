"""Where simulators send their notices: each is kept as it came, and taken with thanks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Blueprint, request

from providers.notices import NoticeRequest
from tests.providers.servers import simulator


@dataclass
class Mailbox:
    """The address, and what came there."""

    url: str = ""
    letters: list[NoticeRequest] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A server that takes every POST."""
    box, blueprint = Mailbox(), Blueprint("mailbox", __name__)

    @blueprint.post("/notices")
    def take() -> str:
        headers = {name.lower(): text for name, text in request.headers.items()}
        box.letters.append(NoticeRequest(headers, request.get_data()))
        return "OK"

    with simulator(blueprint, "/box") as url:
        box.url = f"{url}/notices"
        yield box
