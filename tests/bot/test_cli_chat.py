"""The conversation in a terminal goes through the same front door as Twilio's messages."""

from dataclasses import replace

import pytest
from click.testing import Result
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select

from bot.app import create_app
from bot.config import Settings
from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Message
from tests import factories
from tests.domain import world as w
from tests.simulators.world import served

NOBODY = "http://127.0.0.1:9"


def at(runtime: Runtime, **values: object) -> Flask:
    """The app with other settings, as another environment would give it."""
    settings = runtime.settings.model_copy(update={"public_base_url": NOBODY} | values)
    return create_app(replace(runtime, settings=settings))


def chat(app: Flask, typed: str, *words: str) -> Result:
    result = app.test_cli_runner().invoke(args=["chat", *words], input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def messages(direction: str) -> list[Message]:
    with transaction() as db:
        found = select(Message).where(Message.direction == direction).order_by(Message.id)
        return list(db.execute(found).scalars())


def test_lines_are_heard_and_replies_shown_without_a_web_process(runtime: Runtime) -> None:
    result = chat(at(runtime), "hello\n")
    assert result.exit_code == 0
    assert "talking to the app in this process" in result.output
    assert "\n< " in result.output
    assert "  [1] " in result.output
    assert [each.body for each in messages("in")] == ["hello"]


def test_a_number_taps_the_button(runtime: Runtime) -> None:
    result = chat(at(runtime), "hello\n1\n7\n")
    heard = messages("in")
    assert len(heard) == 3
    assert heard[1].body in result.output
    assert heard[1].details["payload"]
    assert "payload" not in heard[2].details


def test_replies_that_were_shown_are_not_sent_by_a_worker_later(runtime: Runtime) -> None:
    chat(at(runtime), "hello\n")
    (reply,) = messages("out")
    assert (reply.status, reply.due_at) == ("sent", None)


def test_quitting_ends_it_before_the_rest(runtime: Runtime) -> None:
    assert chat(at(runtime), "\\q\nhello\n").exit_code == 0
    assert messages("in") == []


def test_earlier_replies_are_not_shown_again(runtime: Runtime) -> None:
    first = chat(at(runtime), "hello\n")
    second = chat(at(runtime), "")
    assert "< " in first.output
    assert "< " not in second.output


def test_credentials_are_made_up_where_twilio_is_not_configured(runtime: Runtime) -> None:
    app = at(runtime, twilio_account_sid=None, twilio_auth_token=None, twilio_whatsapp_number=None)
    assert "\n< " in chat(app, "hello\n").output


def test_a_web_process_that_runs_is_used(runtime: Runtime, settings: Settings) -> None:
    web = create_app(runtime)
    with served(web) as address:
        shared = settings.model_copy(update={"public_base_url": address})
        web.extensions["tourpay"] = replace(runtime, settings=shared)
        app = at(runtime, public_base_url=address)
        result = chat(app, "hello\n")
    assert f"talking to {address}" in result.output
    assert "\n< " in result.output
    # What it does not deliver itself is left to the workers.
    assert [each.status for each in messages("out")] == ["due"]


def test_a_web_process_with_another_token_refuses_and_says_so(runtime: Runtime) -> None:
    with served(create_app(runtime)) as address:
        app = at(runtime, public_base_url=address, twilio_auth_token=SecretStr("another token"))
        result = chat(app, "hello\n")
    assert result.exit_code == 1
    assert "refuses our signature" in result.output
    assert "another token" not in result.output
    assert messages("in") == []


def test_a_web_process_cannot_be_written_to_without_its_settings(runtime: Runtime) -> None:
    with served(create_app(runtime)) as address:
        app = at(
            runtime,
            public_base_url=address,
            twilio_account_sid=None,
            twilio_auth_token=None,
            twilio_whatsapp_number=None,
        )
        result = chat(app, "hello\n")
    assert result.exit_code == 1
    assert "give this command the same environment" in result.output


def test_a_webhook_that_does_not_answer_is_said_so(runtime: Runtime) -> None:
    result = chat(at(runtime), "hello\n", "--webhook", f"{NOBODY}/whatsapp/inbound")
    assert result.exit_code == 1
    assert "does not answer" in result.output


@pytest.mark.parametrize("sender", ["0771234567", "+2637712345678901", "whatsapp:+263771234567"])
def test_only_a_number_can_talk(runtime: Runtime, sender: str) -> None:
    result = chat(at(runtime), "hello\n", "--from", sender)
    assert result.exit_code == 1
    assert messages("in") == []


def test_never_in_production(runtime: Runtime) -> None:
    result = chat(at(runtime, environment="production"), "hello\n")
    assert result.exit_code == 1
    assert "Not in production" in result.output
    assert messages("in") == []


def test_what_comes_by_itself_is_shown_too(runtime: Runtime) -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.walk(payment, "start", "code", "given", "confirm")
    w.settle(payment)
    result = chat(at(runtime), "", "--from", f"+{factories.PHONE}")
    assert "Receipt H5PS" in result.output
