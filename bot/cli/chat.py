r"""`chat`: the conversation in a terminal, through the same front door as Twilio's messages.

    line typed ▸ signed POST to /whatsapp/inbound ▸ a turn ▸ outbox ▸ shown here

A web process that runs at PUBLIC_BASE_URL is used; without one the app is served in this process.
"""

import sys
import threading
from typing import Any
from uuid import uuid4

import click
import structlog
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.common import plain_errors, runtime
from bot.cli.front_door import ADDRESS, Door, Refused, open_door
from bot.runtime import Runtime
from bot.turns import drain
from domain import contacts, deliveries
from domain.database import repeat, transaction
from domain.models import Message

_LOOK_SECONDS = 0.5
_QUIT = r"\q"

log = structlog.get_logger(__name__)


@click.command()
@click.option("--from", "sender", default="+263774975187", show_default=True, metavar="NUMBER")
@click.option("--webhook", metavar="URL", help="Where to send to, in place of PUBLIC_BASE_URL.")
@with_appcontext
def chat(sender: str, webhook: str | None) -> None:
    r"""Talk to the bot in this terminal, as the customer with NUMBER. For development only.

    Buttons are shown with numbers: type the number to tap. \q or Ctrl-D ends.

    With a web process at PUBLIC_BASE_URL (give this command the same environment) lines go there.
    Without one this process is the web: it hears messages and events itself, and replies that it
    has shown count as sent. Payments always need a worker: `python -m workers payments`.
    """
    running = runtime()
    if running.settings.environment == "production":
        raise click.ClickException("Not in production: a real customer may have this number.")
    if ADDRESS.fullmatch(sender) is None:
        raise click.ClickException("NUMBER is a plus and international digits: +263774975187.")
    with plain_errors():
        try:
            door = open_door(current_app._get_current_object(), running, webhook)  # type: ignore[attr-defined]
            click.echo(f"You are {sender}, talking to {door.title}. {_QUIT} ends.")
            with transaction() as db:
                screen = Screen(running, contacts.contact_of(db, sender), is_web=door.is_ours)
            _converse(door, screen, sender)
        except Refused as refused:
            raise click.ClickException(str(refused)) from None


def _converse(door: Door, screen: "Screen", sender: str) -> None:
    """Send what is typed, show what is answered; somebody else looks for what comes by itself."""
    over = threading.Event()
    looking = threading.Thread(target=_keep_looking, args=(screen, over), daemon=True)
    looking.start()
    try:
        for line in sys.stdin:
            text = line.rstrip("\r\n")
            if text == _QUIT:
                break
            door.send(sender, screen.tapped(text) or {"Body": text})
            screen.show_new()
    except KeyboardInterrupt:
        click.echo()
    finally:
        over.set()
        looking.join()
    screen.show_new()


def _keep_looking(screen: "Screen", over: threading.Event) -> None:
    while not over.wait(_LOOK_SECONDS):
        try:
            screen.show_new()
        except SQLAlchemyError as error:
            log.warning("chat_cannot_look", error=type(error).__name__)


class Screen:
    """Shows each reply of one contact once, in order. Safe to look at from two threads.

    `is_web` says that no web process runs but ours: events are then heard here, and what was shown
    counts as sent, so that no worker sends it to somebody's real phone later.
    """

    def __init__(self, runtime: Runtime, contact_id: int, *, is_web: bool) -> None:
        self._runtime = runtime
        self._contact_id = contact_id
        self._is_web = is_web
        self._looking = threading.Lock()
        self._buttons: list[tuple[str, str]] = []
        with transaction() as db:
            self._last_id: int = db.execute(
                select(func.coalesce(func.max(Message.id), 0)).where(
                    Message.contact_id == contact_id, Message.direction == "out"
                )
            ).scalar_one()

    def tapped(self, text: str) -> dict[str, str] | None:
        """What Twilio sends for a tap on the button with this number; None where it is none."""
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= len(self._buttons)):
            return None
        button_id, title = self._buttons[int(text) - 1]
        return {
            "Body": title,
            "ButtonText": title,
            "ButtonPayload": button_id,
            "ButtonType": "REPLY",
        }

    def show_new(self) -> None:
        """Show the replies that are new. Raises SQLAlchemyError."""
        with self._looking:
            if self._is_web:
                drain(self._runtime, self._contact_id)
            with transaction() as db:
                replies = db.execute(
                    select(Message.id, Message.body, Message.details, Message.status)
                    .where(
                        Message.contact_id == self._contact_id,
                        Message.direction == "out",
                        Message.id > self._last_id,
                        Message.status != "expired",
                    )
                    .order_by(Message.id)
                ).all()
            for reply in replies:
                self._show(reply.body, reply.details)
                self._last_id = reply.id
                if self._is_web and reply.status == "due":
                    self._count_as_sent(reply.id)

    def _show(self, body: str, details: dict[str, Any]) -> None:
        self._buttons = [(each[0], each[1]) for each in details.get("buttons", [])]
        click.echo("< " + body.replace("\n", "\n  "))
        for number, (_, title) in enumerate(self._buttons, 1):
            click.echo(f"  [{number}] {title}")
        if link := details.get("link"):
            click.echo(f"  {link[0]}: {link[1]}")
        if picture := details.get("picture"):
            click.echo(f"  [picture] {picture}")

    def _count_as_sent(self, message_id: int) -> None:
        repeat(lambda db: deliveries.record_sent(db, message_id, f"SM{uuid4().hex}"))
