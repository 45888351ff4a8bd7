"""The two webhooks: closed to whoever is not Twilio, and nothing that Twilio brings is lost."""

from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import create_engine, func, select, text
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot.embedded import ServerUrls
from bot.runtime import Runtime
from domain.database import transaction
from domain.models import ContactIdentity, Message
from tests.bot.webhook import PATH, SID, post
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, WHATSAPP_NUMBER


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def form(**changed: str) -> dict[str, str]:
    fields = {
        "MessageSid": SID,
        "AccountSid": ACCOUNT_SID,
        "From": "whatsapp:+263774975187",
        "To": f"whatsapp:{WHATSAPP_NUMBER}",
        "Body": "help",
        "NumMedia": "0",
    }
    return {**fields, **changed}


def filed() -> list[Message]:
    with transaction() as db:
        return list(
            db.scalars(select(Message).where(Message.direction == "in").order_by(Message.id))
        )


def replies() -> list[Message]:
    with transaction() as db:
        return list(
            db.scalars(select(Message).where(Message.direction == "out").order_by(Message.id))
        )


def test_a_signed_message_is_filed_heard_and_answered_with_an_empty_response(
    client: FlaskClient,
) -> None:
    answer = post(client, form())
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.content_type.startswith("text/xml")
    (message,) = filed()
    assert (message.status, message.sealed, message.body) == ("heard", None, "help")
    assert len(replies()) == 1


# Who may


def test_without_a_signature_nothing_is_filed(client: FlaskClient) -> None:
    assert client.post(PATH, data=form()).status_code == 403
    assert client.post("/whatsapp/status", data=form()).status_code == 403
    assert filed() == []


@pytest.mark.parametrize("signature", ["", "x", "AAAA", "é"])
def test_a_bad_signature_is_refused(client: FlaskClient, signature: str) -> None:
    headers = {"X-Twilio-Signature": signature}
    assert client.post(PATH, data=form(), headers=headers).status_code == 403
    assert filed() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "another_token"},
        {"base": "https://elsewhere.example.com"},
        {"base": "http://bot.example.com"},
    ],
    ids=["token", "host", "scheme"],
)
def test_what_was_signed_otherwise_is_refused(client: FlaskClient, wrong: dict[str, str]) -> None:
    assert post(client, form(), **wrong).status_code == 403
    assert filed() == []


def test_a_changed_parameter_breaks_the_signature(client: FlaskClient) -> None:
    signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + PATH, form())
    headers = {"X-Twilio-Signature": signature}
    answer = client.post(PATH, data=form(Body="pay"), headers=headers)
    assert answer.status_code == 403


def test_another_account_is_refused(client: FlaskClient) -> None:
    assert post(client, form(AccountSid=f"AC{'9' * 32}")).status_code == 403
    assert filed() == []


def test_both_tokens_are_good_while_they_are_changed(client: FlaskClient, runtime: Runtime) -> None:
    runtime.settings.twilio_auth_token_previous = SecretStr("the_token_before")
    assert post(client, form(), token="the_token_before").status_code == 200
    assert post(client, form(MessageSid=f"SM{'2' * 32}")).status_code == 200
    assert len(filed()) == 2


@pytest.mark.parametrize("setting", ["twilio_auth_token", "twilio_auth_token_previous"])
def test_a_token_that_is_set_to_nothing_opens_nothing(
    client: FlaskClient, runtime: Runtime, setting: str
) -> None:
    setattr(runtime.settings, setting, SecretStr(""))
    assert post(client, form(), token="").status_code == 403
    assert filed() == []


def test_a_body_that_is_not_a_form_is_refused(client: FlaskClient) -> None:
    """The SDK calls a JSON body good when its URL is; what it holds was not looked at."""
    path = f"{PATH}?bodySHA256={'0' * 64}"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + path, {})
    answer = client.post(path, json=form(), headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 403


def test_a_parameter_that_comes_twice_is_signed_twice(client: FlaskClient) -> None:
    pairs = [*form().items(), ("Later", "a"), ("Later", "b")]
    validator = RequestValidator(AUTH_TOKEN)
    signed = validator.compute_signature(PUBLIC_URL + PATH, MultiDict(pairs))
    answer = client.post(
        PATH,
        data=urlencode(pairs),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        f"{PATH}?from=twilio&note=a%20b%2Bc",
        f"https://bot.example.com{PATH}?from=twilio",
    ],
    ids=["encoded", "absolute"],
)
def test_the_request_target_is_signed_as_it_came(client: FlaskClient, target: str) -> None:
    path = target.removeprefix("https://bot.example.com")
    signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + path, form())
    answer = client.post(
        path,
        data=form(),
        headers={"X-Twilio-Signature": signature},
        environ_overrides={"RAW_URI": target, "REQUEST_URI": target},
    )
    assert answer.status_code == 200


# Nothing is lost


def test_the_same_message_twice_is_one(client: FlaskClient) -> None:
    assert post(client, form()).status_code == 200
    assert post(client, form()).status_code == 200
    assert len(filed()) == 1
    assert len(replies()) == 1


SENDERS = {
    "whatsapp:+263774975187": "+263774975187",
    "whatsapp:ZW.1A2B3C4D5E6F": "ZW.1A2B3C4D5E6F",
    "whatsapp:US.13491208655302741918": "US.13491208655302741918",
    "whatsapp:zw.a-b_c~d": "zw.a-b_c~d",
}


@pytest.mark.parametrize("sender", SENDERS)
def test_whoever_writes_on_whatsapp_is_heard(client: FlaskClient, sender: str) -> None:
    assert post(client, form(From=sender)).status_code == 200
    with transaction() as db:
        assert db.scalars(select(ContactIdentity.address)).all() == [SENDERS[sender]]
    assert len(replies()) == 1


def test_what_is_not_whatsapp_is_named_in_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(client, form(From="+263774975187")).status_code == 200
    assert filed() == []
    assert SID in caplog.text
    assert "263774975187" not in caplog.text


def test_odd_characters_are_filed(client: FlaskClient) -> None:
    odd = "a\0b \u200b \U0001f600 \r\n \ufffd"
    answer = post(
        client,
        form(Body=odd, ProfileName=odd, ButtonPayload="x\0y", ListId="\0", OptOutType="\0"),
    )
    assert answer.status_code == 200
    (message,) = filed()
    assert message.details["payload"] == "xy"
    assert len(replies()) == 1


def test_media_buttons_and_names_are_kept(client: FlaskClient) -> None:
    answer = post(
        client,
        form(
            Body="",
            NumMedia="1" * 40,
            MediaContentType0="audio/ogg",
            ProfileName="Tendai",
            Forwarded="true",
            Latitude="1",
        ),
    )
    assert answer.status_code == 200
    (message,) = filed()
    assert message.details["media"][:2] == ["audio/ogg", "unknown"]
    assert message.details["forwarded"] is True
    assert message.details["location"] is True


def test_a_message_too_large_for_a_form_is_left_to_twilios_list(client: FlaskClient) -> None:
    """Twilio's longest message is a fraction of the limit; 413 is a failure that Twilio sees."""
    longest = quote("\U0001f600" * 4_096)
    assert len(longest) < 64 * 1024
    assert post(client, form(Body="\U0001f600" * 4_096)).status_code == 200
    answer = post(client, form(MessageSid=f"SM{'2' * 32}", Body="x" * 70_000))
    assert answer.status_code == 413
    assert len(filed()) == 1


def test_while_the_database_is_away_twilio_is_told_to_try_again(
    client: FlaskClient, runtime: Runtime, servers: ServerUrls
) -> None:
    name = runtime.database.engine.url.database
    admin = create_engine(servers.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        runtime.database.engine.dispose()
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        message = post(client, form())
        report = post(client, form(MessageStatus="sent"), path=f"/whatsapp/status?m={uuid4()}")
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()
    assert [message.status_code, report.status_code] == [503, 503]
    assert message.headers["Retry-After"]
    assert post(client, form()).status_code == 200
    assert len(replies()) == 1


def test_a_connection_that_was_cut_is_made_anew_within_the_request(
    client: FlaskClient, runtime: Runtime
) -> None:
    assert post(client, form()).status_code == 200
    with transaction() as db:
        db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        own = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    admin = create_engine(runtime.database.engine.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(select(func.pg_terminate_backend(own)))
    admin.dispose()
    assert post(client, form(MessageSid=f"SM{'2' * 32}")).status_code == 200
    assert len(filed()) == 2
