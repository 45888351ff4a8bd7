"""How much one sender may ask for: a flood is filed and not acted on, and answered once."""

from flask import Flask
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Message
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL


def write(app: Flask, number: int, body: str = "menu") -> int:
    form = {
        "MessageSid": f"SM{number:032x}",
        "AccountSid": ACCOUNT_SID,
        "From": "whatsapp:+263774975187",
        "Body": body,
    }
    signature = RequestValidator(AUTH_TOKEN).compute_signature(
        f"{PUBLIC_URL}/whatsapp/inbound", form
    )
    answer = app.test_client().post(
        "/whatsapp/inbound", data=form, headers={"X-Twilio-Signature": signature}
    )
    return answer.status_code


def test_a_flood_is_answered_once_and_then_filed_in_silence(app: Flask, runtime: Runtime) -> None:
    most = runtime.settings.contact_messages_per_minute
    assert {write(app, number) for number in range(most + 5)} == {200}
    with transaction() as db:
        phrases = (
            db.execute(
                select(Message.phrase).where(Message.direction == "out").order_by(Message.id)
            )
            .scalars()
            .all()
        )
        unheard = db.execute(
            select(func.count())
            .select_from(Message)
            .where(Message.direction == "in", Message.heard_at.is_(None))
        ).scalar_one()
    assert len(phrases) == most + 1
    assert phrases[-1] == "common.slow_down"
    assert phrases.count("common.slow_down") == 1
    assert unheard == 0
