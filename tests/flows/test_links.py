"""Paying outside the chat: which words open, ask and cancel, and what is shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.answers import YesNo, read_command, read_go, read_yes_no
from flows.answers.commands import Command
from flows.desk import PaymentStatus, WayKind
from flows.engine import Heard
from flows.turns import Link, Reply
from tests.flows.desk_fake import WAYS, FakeBooking, FakeDesk
from tests.flows.test_menu import at
from tests.flows.transcript import Player

NEW_STEPS = ("way", "ready", "link", "phone")
NEAR_WORDS = [
    "ok", "hm", "not ready", "ready?", "link?", "not paid", "no", "wait", "later", "100", "836066",
    "kaspi", "invoice", "1", "2", "9", "wrong", "what", "unpaid", "cancle", "is it safe",
    "maybe later", "can I pay tomorrow", "который", "जल्दी", "ready or not", "the link is odd",
]  # fmt: skip


def opened_by(text: str) -> bool:
    """Whether these words may open a payment at `ready`."""
    return read_go(text) or read_yes_no(text) is YesNo.YES


@pytest.mark.parametrize("step", NEW_STEPS)
@given(st.one_of(st.sampled_from(NEAR_WORDS), st.text(max_size=40)))
@settings(max_examples=60, deadline=None)
def test_no_text_opens_or_cancels_anything_without_a_clear_word(step: str, text: str) -> None:
    player = at(step)
    before = [(p.id, p.status, p.cancel_requested) for p in player.desk.payments]
    says = player.hear(Heard(text))
    assert all(0 < len(say.text) <= 1024 for say in says)
    after = [(p.id, p.status, p.cancel_requested) for p in player.desk.payments]
    reading = read_command(text)
    if step == "ready" and opened_by(text):
        assert len(after) == 1
    elif not (reading.sure and reading.command in (Command.CANCEL, Command.RESEND)):
        assert after == before


@pytest.mark.parametrize("text", ["link?", "not ready", "is it safe", "no", "100", "maybe later"])
def test_a_link_is_not_made_before_the_customer_is_ready(text: str) -> None:
    player = at("ready")
    player.hear(Heard(text))
    assert player.desk.payments == []


@pytest.mark.parametrize("text", ["ready", "Yes please", "send me the link", "pay", "готов", "QR"])
def test_a_clear_word_makes_the_link(text: str) -> None:
    player = at("ready")
    player.hear(Heard(text))
    assert [payment.way for payment in player.desk.payments] == ["kaspi"]


@pytest.mark.parametrize("step", ["link", "phone"])
@pytest.mark.parametrize("text", ["paid", "I have paid", "DONE!", "оплатил", "ho gaya", "төледім"])
def test_paid_only_makes_us_ask(step: str, text: str) -> None:
    player = at(step)
    (say,) = player.hear(Heard(text))
    assert say.key == "pay.link.asking"
    assert player.desk.questions == ["payment-1"]
    assert player.desk.payments[0].status is PaymentStatus.AWAITING_CUSTOMER


@pytest.mark.parametrize("text", ["not paid", "I have not paid yet", "hm", "836066", "status"])
def test_at_a_link_only_the_word_makes_us_ask(text: str) -> None:
    player = at("link")
    player.hear(Heard(text))
    assert player.desk.asked == player.desk.questions == []


@pytest.mark.parametrize("heard", [Heard("hm"), Heard("status"), Heard("", media=("audio/ogg",))])
def test_an_invoice_is_asked_about_whenever_something_is_written(heard: Heard) -> None:
    player = at("phone")
    player.hear(heard)
    assert player.desk.asked == ["payment-1"]


def test_done_and_cancel_is_no_wish_to_ask() -> None:
    player = at("link")
    player.hear(Heard("done, cancel it"))
    assert player.desk.asked == player.desk.questions == []
    assert player.said[-1].key in ("common.did_you_mean", "pay.cancelled.ask_link")


def test_a_link_stands_in_place_of_buttons_and_dies_with_its_payment() -> None:
    player = at("link")
    say = player.said[-1]
    assert say.link == Link("Pay USD 100.00", "https://pay.example/go/payment-1")
    assert say.picture == "https://pay.example/qr/payment-1.png"
    assert (say.buttons, say.expires_seconds) == ((), 180)
    player.desk.later_seconds = 100
    player.hear(Heard("status"))
    assert player.said[-1].expires_seconds == 80
    player.desk.later_seconds = 180
    player.hear(Heard("status"))
    over = player.said[-1]
    assert (over.link, over.picture, over.expires_seconds) == (None, None, None)
    assert [button.title for button in over.buttons] == ["I have paid", "New link", "Cancel"]


def test_without_a_known_end_a_link_lasts_a_short_time() -> None:
    player = at("link")
    player.desk.payments[0].expires_at = None
    player.hear(Heard("status"))
    assert "It works for a short time." in player.said[-1].text
    assert player.said[-1].expires_seconds is None


def test_an_aside_brings_the_link_along() -> None:
    player = at("ready")
    player.walk("ready")
    player.session = at("amount").session
    player.walk("* link_made")
    say = player.said[-1]
    assert say.key == "aside.link_made"
    assert say.link == Link("Pay USD 100.00", "https://pay.example/go/payment-1")
    assert say.expires_seconds == 180
    assert player.session is not None
    assert player.session.step == "amount"


def test_no_address_shows_in_a_repr() -> None:
    assert "pay.example" not in repr(at("link").said[-1])


def test_a_title_that_is_too_long_is_cut() -> None:
    booking = FakeBooking("KS-2024-001", paid=0, total=10**11, currency="KZT")
    player = Player(FakeDesk([booking], offers="kaspi"))
    for line in ("pay KS-2024-001", "full", "ready", "* link_made"):
        player.walk(line)
    link = player.said[-1].link
    assert link is not None
    assert len(link.title) <= 20
    assert "1,000,000,000" in link.title


def test_two_replies_in_one_message_keep_link_and_picture() -> None:
    link = Link("Pay", "https://pay.example/go/x")
    shown = Reply("a", "one", link=link, picture="https://pay.example/qr/x.png")
    for both in (shown.then(Reply("b", "two")), Reply("b", "two").then(shown)):
        assert (both.link, both.picture) == (link, "https://pay.example/qr/x.png")


@pytest.mark.parametrize("step", ["link", "phone"])
@pytest.mark.parametrize(
    ("event", "stands"),
    [("settled", "paid"), ("failed", "failed"), ("expired", "failed"), ("withdrawn", "cancelled")],
)
def test_events_lead_on_from_the_new_steps(step: str, event: str, stands: str) -> None:
    player = at(step)
    player.walk(f"* {event}")
    assert player.session is not None
    assert player.session.step == stands
    assert player.said[-1].told == event


def test_nothing_was_taken_is_not_said_of_a_link_that_ran_out() -> None:
    player = at("link")
    player.walk("* expired")
    assert "Nothing was taken" not in player.said[-1].text


@pytest.mark.parametrize("kind", [WayKind.LINK, WayKind.PHONE])
def test_a_cancelled_payment_outside_the_chat_is_dropped_at_once(kind: WayKind) -> None:
    player = at("link" if kind is WayKind.LINK else "phone")
    assert WAYS[player.desk.payments[0].way].kind is kind
    player.walk("cancel")
    player.walk("pay")
    assert player.said[-1].key == "pay.reference.ask_own"
    player.walk("menu")
    assert player.said[-1].key == "menu.ask"


def test_a_session_that_is_lost_begins_where_the_payment_stands() -> None:
    for step in ("link", "phone"):
        player = at(step)
        player.session = None
        player.hear(Heard("paid"))
        assert player.said[-1].key == "pay.link.asking"
        assert player.session is not None
        assert player.session.step == step


LINES = [
    "pay", "pay KS-2024-001", "100", "full", "kaspi", "link", "invoice", "1", "3", "ready", "pay",
    "paid", "new link", "back", "yes", "no", "cancel", "menu", "status", "help", "another way",
    "8 701 234 56 78", "change amount to 150", "change number", "try again", "836066", "person",
    "* link_made", "* invoice_sent", "* uncertain", "* settled", "* failed", "* expired",
    "* cancelled", "* withdrawn", "* late", "* refund_sent", "* refunded", "* not_yet",
    "* paid_again", "* not_yet disagrees=yes",
]  # fmt: skip
MAY_OPEN = ("number", "consent", "ready", "starting", "link", "failed", "cancelled")


@given(st.lists(st.sampled_from(LINES), max_size=16))
@settings(max_examples=150, deadline=None)
def test_any_conversation_about_links_opens_nothing_unasked(lines: list[str]) -> None:
    booking = FakeBooking("KS-2024-001", paid=0)
    player = Player(FakeDesk([booking], offers="omari,kaspi,kaspi_invoice,phonepe"))
    for line in ("pay KS-2024-001", "100", *lines):
        if line.startswith("* ") and not player.desk.payments:
            continue
        opened = len(player.desk.payments)
        before = player.session
        player.walk(line)
        if len(player.desk.payments) > opened:
            assert before is not None
            assert before.step in MAY_OPEN
    for say in player.said:
        assert 0 < len(say.text) <= 1024
        assert say.link is None or say.buttons == ()
