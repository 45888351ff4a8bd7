"""The menu, and the commands that work everywhere."""

import pytest

from flows.engine import Heard
from tests.flows.desk_fake import FakeBooking, FakeDesk
from tests.flows.transcript import Player

OPENINGS: dict[str, tuple[str, ...]] = {
    "idle": ("hi",),
    "offer": ("KS-2024-001",),
    "reference": ("pay",),
    "surname": ("pay", "KS-2024-999"),
    "amount": ("pay KS-2024-001",),
    "number": ("pay KS-2024-001", "100"),
    "consent": ("pay KS-2024-001", "100", "0771234678"),
    "starting": ("pay KS-2024-001", "100", "this number"),
    "otp": ("pay KS-2024-001", "100", "this number", "* otp_sent reference=ETDC"),
}
UNDER_WAY = ("starting", "otp", "confirming", "uncertain", "link", "phone")
OFFERS = {"way": "kaspi,kaspi_invoice", "ready": "kaspi", "link": "kaspi", "phone": "kaspi_invoice"}
OPENINGS["way"] = OPENINGS["ready"] = ("pay KS-2024-001", "100")
OPENINGS["link"] = (*OPENINGS["ready"], "ready", "* link_made")
OPENINGS["phone"] = (*OPENINGS["way"], "8 701 234 56 78", "yes", "* invoice_sent")
OPENINGS["confirming"] = (*OPENINGS["otp"], "836066")
OPENINGS["uncertain"] = (*OPENINGS["confirming"], "* uncertain")
OPENINGS["paid"] = (*OPENINGS["confirming"], "* settled")
OPENINGS["failed"] = (*OPENINGS["confirming"], "* failed")
OPENINGS["cancelled"] = (*OPENINGS["otp"], "cancel")


def at(step: str) -> Player:
    """A conversation that stands at this step."""
    desk = FakeDesk([FakeBooking("KS-2024-001", paid=0)], offers=OFFERS.get(step, "omari"))
    player = Player(desk)
    for line in OPENINGS[step]:
        player.walk(line)
    assert player.session is not None
    assert player.session.step == step
    return player


@pytest.mark.parametrize("step", OPENINGS)
@pytest.mark.parametrize("text", ["menu", "help", "status", "back", "person", "receipt", "balance"])
def test_harmless_commands_work_everywhere_and_touch_no_payment(step: str, text: str) -> None:
    player = at(step)
    before = [(payment.id, payment.status) for payment in player.desk.payments]
    says = player.hear(Heard(text))
    assert len(says) == 1
    assert not says[0].key.endswith(("not_understood", "unknown", "not_a_code"))
    assert [(payment.id, payment.status) for payment in player.desk.payments] == before


@pytest.mark.parametrize("step", OPENINGS)
def test_menu_leads_to_the_menu_from_everywhere(step: str) -> None:
    player = at(step)
    player.hear(Heard("Menu"))
    assert player.session is not None
    assert (player.session.flow, player.session.step) == ("menu", "idle")


@pytest.mark.parametrize("step", OPENINGS)
@pytest.mark.parametrize("text", ["cancel", "Cancel Payment", "STOP", "quit"])
def test_cancel_leaves_no_payment_that_waits(step: str, text: str) -> None:
    player = at(step)
    player.hear(Heard(text))
    waiting = [p for p in player.desk.payments if p.status.value in ("created", "awaiting_otp")]
    assert waiting == []
    open_outside = [p for p in player.desk.payments if p.status.value == "awaiting_customer"]
    assert all(payment.cancel_requested for payment in open_outside)
    if step in ("confirming", "uncertain"):
        assert player.desk.payments[0].status.value == step
        assert player.said[-1].key == f"pay.{step}.cancel"


@pytest.mark.parametrize("step", sorted(set(OPENINGS) - {*UNDER_WAY, "ready"}))
@pytest.mark.parametrize("text", ["pay", "Payment", "make payment", "OMARI PAYMENT"])
def test_pay_starts_from_everywhere(step: str, text: str) -> None:
    player = at(step)
    player.hear(Heard(text))
    assert player.said[-1].key in ("pay.reference.ask", "pay.reference.ask_own")


@pytest.mark.parametrize("step", OPENINGS)
def test_a_person_can_be_asked_for_everywhere(step: str) -> None:
    player = at(step)
    player.hear(Heard("person"))
    assert player.desk.asked_for_person == 1


@pytest.mark.parametrize("step", sorted(set(OPENINGS) - {"otp"}))
def test_a_code_is_taken_only_where_a_payment_waits_for_it(step: str) -> None:
    player = at(step)
    codes = [list(payment.codes) for payment in player.desk.payments]
    player.hear(Heard("836066"))
    assert [payment.codes for payment in player.desk.payments] == codes
    assert "836066" not in player.said[-1].text


@pytest.mark.parametrize("step", OPENINGS)
@pytest.mark.parametrize(
    "heard", [Heard(""), Heard("", media=("audio/ogg",)), Heard("", location=True)]
)
def test_messages_without_words_change_nothing(step: str, heard: Heard) -> None:
    player = at(step)
    before = player.session
    says = player.hear(heard)
    assert says[0].key in ("common.empty", "common.media", "common.location")
    assert before is not None
    assert player.session is not None
    assert (player.session.flow, player.session.step) == (before.flow, before.step)


def test_my_bookings_offers_those_that_owe() -> None:
    bookings = [FakeBooking("KS-1111-001", paid=0), FakeBooking("KS-2222-002", paid=50000)]
    player = Player(FakeDesk(bookings))
    player.walk("hi")
    player.walk("[My bookings]")
    assert [button.title for button in player.said[-1].buttons] == ["Pay for KS-1111-001", "Menu"]
    player.walk("[Pay for KS-1111-001]")
    assert player.said[-1].key == "pay.amount.ask"


def test_many_bookings_are_listed_in_part() -> None:
    player = Player(FakeDesk([FakeBooking(f"KS-1111-{place:03d}", paid=0) for place in range(9)]))
    player.walk("hi")
    player.walk("status")
    assert player.said[-1].text.endswith("… and 4 more.")


@pytest.mark.parametrize("text", ["thanks", "Thank you!", "🙏"])
def test_thanks_are_welcome(text: str) -> None:
    player = at("idle")
    player.walk(text)
    assert player.said[-1].key == "menu.welcome"


def test_a_greeting_gets_the_menu() -> None:
    player = at("idle")
    player.walk("Good morning")
    assert player.said[-1].key == "menu.ask"


def test_a_tapped_booking_is_taken_whatever_its_reference_looks_like() -> None:
    player = Player(FakeDesk([FakeBooking("SAFARI", paid=0)]))
    player.walk("my bookings")
    player.walk("hi")
    player.walk("[My bookings]")
    player.walk("[Pay for SAFARI]")
    assert player.said[-1].key == "pay.amount.ask"
