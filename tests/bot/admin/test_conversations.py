"""Conversations at the front door: what stands in a transcript, answering in the place of the bot,
what is fetched while a page is open.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from domain import deliveries, inbox, outbox
from domain.database import transaction
from domain.models import AuditEntry, Contact, Message, Operator
from domain.sealing import Sealer
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.webhook import post
from tests.conftest import ACCOUNT_SID
from tests.domain import world as w

_sids = count(1)


@dataclass
class Chat:
    """Tendai, who has a booking of the house's operator and writes by WhatsApp; Anna at her
    browser.
    """

    app: Flask
    anna: FlaskClient
    house: House
    contact_id: int
    booking_id: int
    world: w.World

    @property
    def path(self) -> str:
        return f"/admin/conversations/{self.contact_id}"

    def says(self, body: str, **fields: str) -> None:
        """A message comes in by the webhook, and is heard."""
        sid = f"SM{next(_sids):032x}"
        form = {"MessageSid": sid, "AccountSid": ACCOUNT_SID, "Body": body, "NumMedia": "0"}
        form |= {"From": f"whatsapp:+{factories.PHONE}", "ProfileName": "Tendai", **fields}
        assert post(self.app.test_client(), form).status_code == 200

    def show(self, client: FlaskClient | None = None) -> str:
        answer = (client or self.anna).get(self.path)
        assert answer.status_code == 200
        return answer.text

    def take(self, client: FlaskClient | None = None, holder: int = 0) -> str:
        return self._post(client, "take-over", holder=str(holder))

    def hand_back(self, client: FlaskClient | None = None) -> str:
        return self._post(client, "hand-back")

    def _post(self, client: FlaskClient | None, act: str, **form: str) -> str:
        answer = (client or self.anna).post(f"{self.path}/{act}", data=form)
        assert (answer.status_code, answer.location) == (303, self.path)
        return (client or self.anna).get(self.path).text

    def form(self, page: str) -> str:
        """The minted id of the answer's form."""
        return found(r'name="answer_id"[^>]* value="([^"]+)"', page)

    def news_of(self, page: str) -> str:
        """Where this page asks what is new."""
        return unescape(found(r'id="news"[^>]* hx-get="([^"]+)"', page))

    def sent(self) -> list[Message]:
        with transaction() as db:
            return list(
                db.scalars(select(Message).where(Message.direction == "out").order_by(Message.id))
            )

    def change(self, **values: object) -> None:
        with transaction() as db:
            db.execute(update(Contact).where(Contact.id == self.contact_id).values(**values))

    def acts(self) -> list[str]:
        with transaction() as db:
            return list(db.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match is not None, page
    return match[1]


@pytest.fixture
def chat(app: Flask, house: House, sign_in: SignIn) -> Chat:
    secret = app.extensions["tourpay"].settings.secret_key.get_secret_value()
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        booking = factories.booking(db, owner)
        contact = factories.contact(db)
        contact.profile_name = "Tendai"
        contact.last_inbound_at = func.clock_timestamp()
        account = factories.account(db, owner, Sealer.of("account secrets", secret))
        world = w.World(owner.id, booking.id, contact.id, account.id)
    return Chat(app, sign_in(house.admin), house, world.contact_id, world.booking_id, world)


# The transcript


def test_both_directions_buttons_and_ticks_are_shown(chat: Chat) -> None:
    chat.says("menu")
    (reply,) = chat.sent()
    with transaction() as db:
        deliveries.record_sent(db, reply.id, f"SM{'a' * 32}")
        deliveries.record_report(db, reply.token, f"SM{'a' * 32}", "delivered", None)
    page = chat.show()
    assert page.index("menu") < page.index("Delivered")
    assert "Button: " in page
    assert page.count("<h1") == 1


def test_a_reply_that_did_not_arrive_says_why(chat: Chat) -> None:
    chat.says("menu")
    (reply,) = chat.sent()
    with transaction() as db:
        deliveries.record_refused(db, reply.id, "63016")
    assert "Did not arrive: they had not written for 24 hours" in chat.show()
    assert (
        "Did not arrive: they had not written for 24 hours"
        in chat.anna.get("/admin/conversations").text
    )


def test_codes_and_numbers_stand_nowhere(chat: Chat) -> None:
    chat.says("my code is 836066")
    page = chat.show()
    assert "836066" not in page
    assert "[code]" in page
    assert factories.PHONE not in page
    assert factories.PHONE not in chat.anna.get("/admin/conversations").text


def test_what_was_not_heard_yet_is_not_shown(chat: Chat) -> None:
    sealed = chat.app.extensions["tourpay"].messages.seal("my code is 836066")
    inbox.file_message(f"+{factories.PHONE}", f"SM{'b' * 32}", sealed, {})
    page = chat.show()
    assert "Not heard yet" in page
    assert "836066" not in page
    assert "Not heard yet" in chat.anna.get("/admin/conversations").text


def test_pictures_links_and_media_are_called_what_they_are(chat: Chat) -> None:
    with transaction() as db:
        reply = outbox.Reply("link", "Pay here", link=("Pay", "https://x.example/secret"))
        outbox.add_replies(db, chat.contact_id, [reply])
        code = outbox.Reply("qr", "Scan", picture="https://x.example/qr/secret.png")
        outbox.add_replies(db, chat.contact_id, [code])
    chat.says("", NumMedia="1", MediaContentType0="audio/ogg")
    page = chat.show()
    assert "QR picture" in page
    assert "Link: " in page
    assert "voice message" in page
    assert "secret" not in page


def test_what_is_said_is_never_taken_for_a_tag(chat: Chat) -> None:
    chat.says("<script>alert(1)</script>\nsecond line")
    page = chat.show()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<br>second line" in page


def test_milestones_of_payments_stand_between_and_lead_to_them(chat: Chat) -> None:
    chat.says("menu")
    payment_id = w.open_payment(chat.world)
    w.walk(payment_id, "start", "code", "given", "confirm")
    w.settle(payment_id)
    chat.says("thanks")
    page = chat.show()
    assert page.count(f"/admin/transactions/{payment_id}") == 2
    assert page.index("Began to pay USD 100.00") < page.index("Payment of USD 100.00")
    assert page.index("Payment of USD 100.00") < page.index("thanks")


def test_what_was_said_earlier_is_asked_for_page_by_page(chat: Chat) -> None:
    fill(chat, 120)
    page = chat.show()
    assert "words 119" in page
    assert "words 69" not in page
    assert "hx-get" in page
    older = found(r'hx-get="([^"]+older[^"]+)"', page)
    part = chat.anna.get(older).text
    assert ("words 69" in part, "words 20" in part) == (True, True)
    assert "words 70<" not in part
    assert "<html" not in part
    whole = chat.anna.get(older.replace("/older", "")).text
    assert ("words 69" in whole, "<html" in whole, 'id="news"' in whole) == (True, True, False)
    last = chat.anna.get(found(r'hx-get="([^"]+older[^"]+)"', part)).text
    assert "words 0<" in last
    assert "older" not in last


def fill(chat: Chat, messages: int) -> None:
    with transaction() as db:
        for number in range(messages):
            message = Message(direction="in", contact_id=chat.contact_id, status="heard")
            message.body = f"words {number}"
            db.add(message)
            db.flush()


# The number


def test_the_number_is_shown_to_who_asks_and_that_is_written_down(chat: Chat) -> None:
    whole = chat.anna.post(f"{chat.path}/number")
    part = chat.anna.post(f"{chat.path}/number", headers={"HX-Request": "true"})
    for answer in (whole, part):
        assert f"+{factories.PHONE}" in answer.text
    assert "<html" in whole.text
    assert "<html" not in part.text
    assert chat.acts() == ["number_shown", "number_shown"]


# Answering


def test_taken_over_the_bot_is_silent_and_a_person_answers(chat: Chat) -> None:
    chat.says("person")
    page = chat.take()
    assert "You answer" in page
    known = len(chat.sent())
    chat.says("how do I pay?")
    assert len(chat.sent()) == known
    form = {"answer_id": chat.form(page), "text": "Write pay, then KS-2024-001."}
    for _ in range(2):
        assert chat.anna.post(f"{chat.path}/answer", data=form).status_code == 303
    (answer,) = chat.sent()[known:]
    assert answer.body == "Write pay, then KS-2024-001."
    page = chat.show()
    assert page.index("how do I pay?") < page.index("Write pay, then")
    assert "anna@example.com" in page
    page = chat.hand_back()
    assert "The bot answers" in page
    assert "handed back to the bot" in page
    known = len(chat.sent())
    chat.says("help")
    assert len(chat.sent()) == known + 1
    assert chat.acts() == [
        "conversation_taken",
        "conversation_answered",
        "conversation_handed_back",
    ]


def test_an_answer_of_staff_that_twilio_refused_is_seen_as_such(chat: Chat) -> None:
    page = chat.take()
    form = {"answer_id": chat.form(page), "text": "hello"}
    chat.anna.post(f"{chat.path}/answer", data=form)
    with transaction() as db:
        deliveries.record_refused(db, chat.sent()[-1].id, "63024")
    assert "Did not arrive: they cannot be reached on WhatsApp" in chat.show()


def test_an_answer_is_refused_with_words_and_not_lost(chat: Chat) -> None:
    page = chat.take()
    known = len(chat.sent())
    chat.change(last_inbound_at=func.clock_timestamp() - timedelta(hours=25))
    form = {"answer_id": chat.form(page), "text": "half an hour of typing"}
    answer = chat.anna.post(f"{chat.path}/answer", data=form)
    assert answer.status_code == 422
    assert "WhatsApp lets nobody write" in answer.text
    assert "half an hour of typing</textarea>" in answer.text
    assert len(chat.sent()) == known
    page = chat.show()
    assert "Only they can open it again, by writing" in page
    assert "<textarea" not in page


def test_other_words_by_a_form_that_was_sent_are_kept_to_be_sent_anew(chat: Chat) -> None:
    form = {"answer_id": chat.form(chat.take()), "text": "one"}
    chat.anna.post(f"{chat.path}/answer", data=form)
    known = len(chat.sent())
    answer = chat.anna.post(f"{chat.path}/answer", data={**form, "text": "two"})
    assert answer.status_code == 422
    anew = {"answer_id": chat.form(answer.text), "text": "two"}
    assert chat.anna.post(f"{chat.path}/answer", data=anew).status_code == 303
    assert [message.body for message in chat.sent()[known:]] == ["two"]


def test_who_opted_out_cannot_be_written_to(chat: Chat) -> None:
    page = chat.take()
    chat.change(opted_out_at=func.clock_timestamp())
    form = {"answer_id": chat.form(page), "text": "hello"}
    answer = chat.anna.post(f"{chat.path}/answer", data=form)
    assert answer.status_code == 422
    assert "asked for no more messages" in answer.text
    assert "<textarea" not in chat.show()


def test_of_two_people_one_has_it_and_both_see_who(chat: Chat, sign_in: SignIn) -> None:
    ben = sign_in(chat.house.second)
    page = chat.take()
    form = {"answer_id": chat.form(page), "text": "from anna"}
    assert "Somebody else took this conversation over" in chat.take(ben)
    assert "anna@example.com answers" in chat.show(ben)
    assert "You answer" in chat.take(ben, holder=chat.house.admin)
    assert "ben@example.com answers" in chat.show()
    refused = chat.anna.post(f"{chat.path}/answer", data=form)
    assert refused.status_code == 422
    assert "You do not have this conversation any more" in refused.text
    assert "You do not have this conversation" in chat.hand_back()
    with transaction() as db:
        assert db.get_one(Contact, chat.contact_id).taken_by == chat.house.second


def test_a_form_without_an_id_of_ours_is_not_read(chat: Chat) -> None:
    chat.take()
    form = {"answer_id": "x", "text": "hello"}
    assert chat.anna.post(f"{chat.path}/answer", data=form).status_code == 400


def test_a_payment_that_waits_for_a_code_is_spoken_of(chat: Chat) -> None:
    payment_id = w.open_payment(chat.world)
    w.walk(payment_id, "start", "code")
    assert "A payment waits for a code" not in chat.show()
    assert "A payment waits for a code" in chat.take()


def test_an_answer_that_is_too_long_is_cut_by_nobody(chat: Chat) -> None:
    page = chat.take()
    assert "1,024 characters at most." in page
    # A browser would cut off what is pasted without a word.
    assert "maxlength" not in page
    long = "word " * 210
    form = {"answer_id": chat.form(page), "text": long}
    answer = chat.anna.post(f"{chat.path}/answer", data=form)
    assert answer.status_code == 422
    assert "Up to 1,024 characters may be sent at once." in answer.text
    assert long.strip() in answer.text


# What is new


def test_a_look_fetches_what_was_said_since_and_nothing_else(chat: Chat) -> None:
    chat.says("menu")
    long_ago(10)
    page = chat.show()
    nothing = chat.anna.get(chat.news_of(page)).text
    assert "menu" not in nothing
    assert "<html" not in nothing
    assert 'id="state"' not in nothing
    assert 'id="until"' not in nothing
    chat.says("help")
    news = chat.anna.get(chat.news_of(nothing)).text
    # They may be written to for longer now.
    until = re.search(r'<p id="until"[^>]* hx-swap-oob="true">(.*?)</p>', news)
    assert until is not None
    assert until[1] in chat.show()
    assert news.count('<li id="message-') == 2
    assert ">help" in news.replace("\n", "").replace("  ", "")
    assert 'class="tp-theirs"' in news
    after = chat.anna.get(chat.news_of(news)).text
    assert '<li id="message-' not in after


def long_ago(seconds: float) -> None:
    """Whatever became of messages did so before."""
    with transaction() as db:
        for column in (Message.heard_at, Message.status_at):
            earlier = column - timedelta(seconds=seconds)
            db.execute(update(Message).values({column: earlier}))


def test_what_was_written_first_and_committed_last_is_not_missed(chat: Chat) -> None:
    chat.says("menu")
    with transaction() as db:
        late = Message(direction="in", contact_id=chat.contact_id, status="heard", body="late")
        db.add(late)
        db.flush()
        chat.says("help")
        page = chat.show()
        assert ">late" not in page
    news = chat.anna.get(chat.news_of(page)).text
    assert f'id="message-{late.id}"' in news
    assert news.count('<li id="message-') == 1


def test_changes_of_what_was_shown_are_fetched(chat: Chat) -> None:
    chat.says("menu")
    page = chat.show()
    (reply,) = chat.sent()
    with transaction() as db:
        deliveries.record_report(db, reply.token, f"SM{'c' * 32}", "read", None)
    news = chat.anna.get(chat.news_of(page)).text
    assert re.search(rf'id="ticks-{reply.id}"[^>]* hx-swap-oob="true"', news)
    assert "Read" in news
    assert '<li id="message-' not in news


def test_who_answers_now_is_fetched_and_what_is_half_written_is_left_alone(
    chat: Chat, sign_in: SignIn
) -> None:
    mine = chat.take()
    ben = sign_in(chat.house.second)
    page = chat.take(ben, holder=chat.house.admin)
    news = chat.anna.get(chat.news_of(mine)).text
    assert "ben@example.com answers" in news
    assert "took over" in news
    assert 'id="answer"' not in news
    chat.take(holder=chat.house.second)
    assert "anna@example.com answers" in ben.get(chat.news_of(page)).text


def test_the_form_comes_back_when_they_write_again(chat: Chat) -> None:
    chat.take()
    chat.change(last_inbound_at=func.clock_timestamp() - timedelta(hours=25))
    page = chat.show()
    chat.says("hello again")
    news = chat.anna.get(chat.news_of(page)).text
    assert "<textarea" in news
    assert "hello again" in news


def test_a_look_of_somebody_elses_making_is_refused(chat: Chat) -> None:
    for query in ("", "?shown=1&milestone=0&act=0&at=x", "?milestone=0&act=0&at=2026-01-01"):
        assert chat.anna.get(f"{chat.path}/news{query}").status_code == 400
