"""Twilio's reports of what became of our replies: late, twice and in any order."""

from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from domain import outbox
from domain.contacts import contact_of
from domain.database import transaction
from domain.models import Message
from domain.outbox import Reply
from tests.bot.webhook import SID, post
from tests.conftest import ACCOUNT_SID


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def replies() -> list[Message]:
    with transaction() as db:
        return list(
            db.scalars(select(Message).where(Message.direction == "out").order_by(Message.id))
        )


def reply_sent(sid: str | None = None) -> Message:
    """A reply of ours, with Twilio's name for it or still without."""
    with transaction() as db:
        contact_id = contact_of(db, "+263774975187")
        outbox.add_replies(db, contact_id, [Reply("common.help", "hello")])
    with transaction() as db:
        outbox.claim_due(db, 1, 30)
    with transaction() as db:
        message = db.scalars(select(Message).where(Message.direction == "out")).one()
        message.sid = sid
    return message


def report(client: FlaskClient, word: str, query: str = "", **more: str) -> TestResponse:
    fields = {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "MessageStatus": word, **more}
    return post(client, fields, path=f"/whatsapp/status{query}")


def test_a_report_finds_its_reply_by_our_token_before_twilio_has_answered(
    client: FlaskClient,
) -> None:
    message = reply_sent()
    assert report(client, "sent", f"?m={message.token}").status_code == 200
    assert [(each.status, each.sid) for each in replies()] == [("sent", SID)]


def test_a_report_without_our_token_is_found_by_twilios_name(client: FlaskClient) -> None:
    reply_sent(SID)
    for query in ("", "?m=", "?m=nonsense"):
        assert report(client, "delivered", query).status_code == 200
    assert replies()[0].status == "delivered"


def test_a_report_is_only_believed_forward(client: FlaskClient) -> None:
    reply_sent(SID)
    for word in ("read", "delivered", "sent", "queued", "accepted", "a_new_word"):
        assert report(client, word).status_code == 200
    assert replies()[0].status == "read"


def test_a_refusal_keeps_twilios_code(client: FlaskClient) -> None:
    reply_sent(SID)
    assert report(client, "undelivered", ErrorCode="63016").status_code == 200
    assert [(each.status, each.error_code) for each in replies()] == [("refused", "63016")]


def test_a_report_of_what_is_not_ours_is_answered_all_the_same(client: FlaskClient) -> None:
    assert report(client, "sent", f"?m={uuid4()}").status_code == 200
    assert replies() == []
