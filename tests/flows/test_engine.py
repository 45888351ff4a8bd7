"""The engine: sessions, buttons, events, and that every flow is whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.conversations import engine
from flows.engine import Heard, Session
from tests.flows.desk_fake import FakeBooking, FakeDesk
from tests.flows.transcript import Player, at_the_code, walk

CODE = "836066"


def test_a_session_goes_through_its_stored_form() -> None:
    session = Session("pay", "otp", "payment-1", {"booking": "KS-2024-001"}, "n7", 2, "cancel")
    assert Session.from_json(session.to_json()) == session


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        '{"v":2,"flow":"pay","step":"otp"}',
        '{"v":1,"flow":7,"step":"otp"}',
        '{"v":1,"flow":"pay","step":"otp","payment":5}',
        '{"v":1,"flow":"pay","step":"otp","answers":[]}',
        '{"v":1,"flow":"pay","step":"otp","answers":{"amount":5}}',
        '{"v":1,"flow":"pay","step":"otp","misses":"3"}',
        '{"v":1,"flow":"pay","step":"otp","offered":{"yes":null}}',
    ],
)
def test_what_is_no_session_of_ours_is_none(stored: str) -> None:
    assert Session.from_json(stored) is None


def test_an_answer_of_a_later_version_is_left_out() -> None:
    player = Player(FakeDesk([FakeBooking("KS-2024-001")]))
    answers = {"booking": "KS-2024-001", "provider": "omari", "colour": "green"}
    player.session = Session("pay", "amount", None, answers)
    player.hear(Heard("100"))
    assert player.session is not None
    assert player.session.step == "number"
    assert "colour" not in player.session.answers


def test_a_booking_that_is_gone_starts_over() -> None:
    player = walk("pay KS-2024-001")
    player.desk.bookings.clear()
    says = player.hear(Heard("100"))
    assert says[0].key == "common.start_over"
    assert player.session is not None
    assert (player.session.flow, player.session.step) == ("menu", "idle")


def test_a_full_number_stands_in_no_session_and_no_message() -> None:
    player = walk("pay KS-2024-001", "100")
    for message in ("0771 234 678", "yes"):
        player.hear(Heard(message))
        assert player.session is not None
        assert "771234678" not in player.session.to_json()
        assert "771234678" not in player.said[-1].text


def test_a_code_stands_in_no_session_and_no_message() -> None:
    player = at_the_code()
    for message in (f"cancel {CODE}", f"don't use {CODE}", f"Your OTP is {CODE}", CODE):
        player.hear(Heard(message))
        assert player.session is not None
        assert CODE not in player.session.to_json()
        assert CODE not in player.said[-1].text
    assert player.desk.payments[0].codes == [CODE]


def test_what_was_heard_shows_in_no_repr() -> None:
    assert CODE not in repr(Heard(CODE))


def test_buttons_keep_to_the_limits_of_the_channel() -> None:
    player = at_the_code()
    for say in player.said:
        assert len(say.buttons) <= 3
        assert len(say.text) <= 1024
        assert len({button.id for button in say.buttons}) == len(say.buttons)
        for button in say.buttons:
            assert len(button.title) <= 20
            assert len(button.id) <= 200


def test_an_amount_button_pays_what_it_says_even_when_the_balance_changed() -> None:
    player = walk("pay KS-2024-001")
    player.desk.bookings[0].paid = 20000
    player.hear(player.tap("Pay USD 500.00", player.said))
    assert player.said[-1].key == "pay.amount.above_balance"
    assert player.desk.payments == []


def test_a_tapped_button_is_taken_once() -> None:
    player = walk("pay KS-2024-001", "100")
    tap = player.tap("This number …187", player.said)
    player.hear(tap)
    player.hear(tap)
    assert player.said[-1].key == "common.stale"
    assert len(player.desk.payments) == 1


def test_a_title_may_be_typed_instead() -> None:
    player = walk("pay KS-2024-001", "100", "another NUMBER")
    assert player.said[-1].key == "pay.number.type_it"


@pytest.mark.parametrize("payload", ["", "x", "tp", "tp:", "tp:n1", "tp:n1:", "REJECTED", "a:b:c"])
def test_a_payload_that_is_not_ours_is_no_button(payload: str) -> None:
    player = at_the_code()
    player.hear(Heard(CODE, payload=payload))
    assert player.desk.payments[0].codes == [CODE]


LONG_AND_ODD = ["A" * 4000, "9" * 4000, "cancel" * 600, "\x00", "\u200b", "🦒" * 99]


@pytest.mark.parametrize("text", LONG_AND_ODD)
def test_long_and_odd_texts_are_answered_briefly_and_not_repeated(text: str) -> None:
    for player in (Player(), walk("pay"), walk("pay KS-2024-001"), at_the_code()):
        says = player.hear(Heard(text))
        assert len(says) == 1
        assert text not in says[0].text
        assert player.desk.payments == [] or player.desk.payments[0].codes == []


def test_a_prompt_for_a_code_expires() -> None:
    player = at_the_code()
    assert player.said[-1].expires_seconds == 300
    player.walk(CODE)
    assert player.said[-1].expires_seconds is None


def test_when_a_code_may_come() -> None:
    player = at_the_code()
    assert engine().expects_code(player.session)
    player.walk("menu")
    assert engine().expects_code(player.session)
    player.walk("back")
    player.walk(CODE)
    assert engine().expects_code(player.session)
    player.walk("* settled")
    assert not engine().expects_code(player.session)
    assert not engine().expects_code(None)
    assert not engine().expects_code(Session("lottery", "otp"))


def test_a_language_that_we_do_not_speak_is_answered_in_the_default_one() -> None:
    turn = engine().hear(None, Heard("hi"), FakeDesk(), "xx", "n1")
    assert turn.says[0].text.startswith("Hello")


def test_the_apology_is_a_message() -> None:
    assert engine().sorry("en").text.startswith("Sorry")


def test_an_amount_in_words_is_no_slip_of_a_command() -> None:
    player = walk("pay KS-2024-001")
    player.hear(Heard("сто"))
    assert player.said[-1].key == "pay.number.ask"
    player = walk("pay KS-2024-001")
    player.hear(Heard("cancel 100"))
    assert player.said[-1].key == "common.did_you_mean"


def test_the_password_of_the_sandbox_is_not_answered() -> None:
    assert walk().hear(Heard("join happy-tiger")) == ()
    assert walk("hi").hear(Heard("Join happy-tiger")) == ()


def test_what_may_be_typed_at_a_link_is_kept_from_stores() -> None:
    for step in ("starting", "link", "phone"):
        assert engine().expects_code(Session("pay", step, "payment-1"))
    assert not engine().expects_code(Session("pay", "ready"))


LINES = [
    "hi", "pay", "pay KS-2024-001", "KS-2024-001", "KS-2024-999", "Moyo", "100", "full", "half",
    "2", "this number", "0771234678", "yes", "no", "back", "cancel", "menu", "status", "help",
    "resend", "836066", "cancel 836066", "cancle", "change amount to 150",
    "wrong number, use 0712345678", "try again", "receipt", "person", "stop sending me messages",
    "", "🙏", "* otp_sent reference=ETDC", "* otp_wrong", "* code_lost", "* uncertain",
    "* settled", "* failed", "* expired", "* cancelled", "* late",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=40)), max_size=14))
@settings(max_examples=300, deadline=None)
def test_any_conversation_gets_one_message_per_turn_and_opens_nothing_unasked(
    lines: list[str],
) -> None:
    player = walk()
    for line in lines:
        if line.startswith("* "):
            if not player.desk.payments:
                continue
            player.walk(line)
            continue
        opened = len(player.desk.payments)
        before = player.session
        player.hear(Heard(line))
        if len(player.desk.payments) > opened:
            assert before is not None
            assert before.step in ("number", "consent", "starting", "otp", "failed", "cancelled")
    for say in player.said:
        assert 0 < len(say.text) <= 1024
        assert "836066" not in say.text
