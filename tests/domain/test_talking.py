"""Taking a conversation over, answering, handing it back: by one person at a time, each answer
once, only while WhatsApp lets us write.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ColumnElement, func, select, update

from domain import outbox, talking
from domain.database import Database, repeat, transaction
from domain.models import AuditEntry, Contact, Message
from domain.talking import Answer, HandedBack, NotSaid
from domain.wishes import NotDone
from tests import factories


@dataclass
class Room:
    """A contact who wrote an hour ago, and two of staff."""

    contact_id: int
    anna: int
    ben: int
    announced: list[str] = field(default_factory=list)

    def announce(self, language: str) -> outbox.Reply:
        self.announced.append(language)
        return outbox.Reply("person", "a person")

    def take(self, staff_id: int, holder_id: int | None = None) -> NotDone | None:
        return repeat(
            lambda db: talking.take_over(db, self.contact_id, staff_id, holder_id, self.announce)
        )

    def answer(self, staff_id: int, text: str = "hello", answer_id: UUID | None = None) -> object:
        said = Answer(answer_id or uuid4(), self.contact_id, staff_id, text)
        return repeat(lambda db: talking.answer(db, said))

    def hand_back(self, staff_id: int) -> HandedBack | NotDone | None:
        return repeat(lambda db: talking.hand_back(db, self.contact_id, staff_id))

    def change(self, **values: ColumnElement[object] | None) -> None:
        with transaction() as db:
            db.execute(update(Contact).values(**values))

    def contact(self) -> Contact:
        with transaction() as db:
            return db.get_one(Contact, self.contact_id)

    def sent(self) -> list[Message]:
        with transaction() as db:
            return list(db.scalars(select(Message).order_by(Message.id)))

    def acts(self) -> list[str]:
        with transaction() as db:
            return list(db.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


@pytest.fixture
def room(database: Database) -> Room:  # noqa: ARG001 - it makes it the current one
    with transaction() as db:
        contact = factories.contact(db)
        contact.last_inbound_at = func.clock_timestamp() - timedelta(hours=1)
        people = (factories.staff(db, f"{name}@example.com").id for name in ("anna", "ben"))
        return Room(contact.id, *people)


def why(refused: object) -> NotSaid:
    assert isinstance(refused, NotDone)
    return NotSaid(refused.why)


# Taking over


def test_taken_over_once_and_announced_once(room: Room) -> None:
    room.change(person_wanted_at=func.clock_timestamp())
    assert room.take(room.anna) is None
    assert room.take(room.anna) is None
    contact = room.contact()
    assert (contact.taken_by, contact.person_wanted_at) == (room.anna, None)
    assert [message.body for message in room.sent()] == ["a person"]
    assert (room.announced, room.acts()) == (["en"], ["conversation_taken"])


def test_of_two_at_once_the_second_one_is_told_and_takes_it_only_knowingly(room: Room) -> None:
    room.take(room.anna)
    assert why(room.take(room.ben)) is NotSaid.HELD_BY_ANOTHER
    assert room.contact().taken_by == room.anna
    assert room.take(room.ben, holder_id=room.anna) is None
    assert room.contact().taken_by == room.ben
    assert len(room.announced) == 1, "to the customer it is a person still"
    assert why(room.answer(room.anna)) is NotSaid.NOT_YOURS


def test_who_had_it_handed_back_meanwhile_is_no_reason_to_take_it_unknowingly(room: Room) -> None:
    """The page said that Anna has it; now the bot does."""
    assert why(room.take(room.ben, holder_id=room.anna)) is NotSaid.HELD_BY_ANOTHER


@pytest.mark.parametrize(
    "change",
    [
        {"last_inbound_at": None},
        {"last_inbound_at": func.clock_timestamp() - timedelta(hours=25)},
        {"opted_out_at": func.clock_timestamp()},
    ],
)
def test_who_cannot_be_written_to_is_not_told(room: Room, change: dict[str, object]) -> None:
    room.change(**change)  # type: ignore[arg-type]
    assert room.take(room.anna) is None
    assert room.contact().taken_by == room.anna
    assert room.sent() == []


# Answering


def test_an_answer_is_sent_once_however_often_its_form_is(room: Room) -> None:
    room.take(room.anna)
    answer_id = uuid4()
    for _ in range(2):
        assert room.answer(room.anna, " hello\r\nthere ", answer_id) is None
    _, message = room.sent()
    assert (message.body, message.phrase, message.status) == ("hello\nthere", "staff", "due")
    assert (message.token, message.details["staff"]) == (answer_id, room.anna)
    assert room.acts() == ["conversation_taken", "conversation_answered"]


def test_other_words_by_the_same_form_are_neither_sent_nor_lost(room: Room) -> None:
    room.take(room.anna)
    answer_id = uuid4()
    room.answer(room.anna, "one", answer_id)
    assert why(room.answer(room.anna, "two", answer_id)) is NotSaid.SENT_BEFORE
    assert [message.body for message in room.sent()] == ["a person", "one"]


def test_answers_leave_in_order(room: Room) -> None:
    room.take(room.anna)
    for words in ("one", "two"):
        room.answer(room.anna, words)
    assert [message.body for message in room.sent()] == ["a person", "one", "two"]


def test_an_answer_keeps_the_conversation_for_two_more_hours(room: Room) -> None:
    room.take(room.anna)
    long_ago = func.clock_timestamp() - timedelta(hours=1.9)
    room.change(taken_at=long_ago)
    room.answer(room.anna)
    taken_at = room.contact().taken_at
    with transaction() as db:
        now = db.execute(select(func.clock_timestamp())).scalar_one()
    assert taken_at is not None
    assert now - taken_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" \n", NotSaid.EMPTY), ("x" * 1_025, NotSaid.TOO_LONG), ("x" * 1_024, None)],
)
def test_an_answer_has_words_and_an_end(room: Room, text: str, expected: NotSaid | None) -> None:
    room.take(room.anna)
    refused = room.answer(room.anna, text)
    assert (None if refused is None else why(refused)) == expected


def test_outside_the_window_nothing_is_sent(room: Room) -> None:
    room.take(room.anna)
    room.change(last_inbound_at=func.clock_timestamp() - timedelta(hours=24, seconds=1))
    refused = room.answer(room.anna)
    assert why(refused) is NotSaid.WINDOW_CLOSED
    assert len(room.sent()) == 1


def test_who_opted_out_gets_nothing(room: Room) -> None:
    room.take(room.anna)
    room.change(opted_out_at=func.clock_timestamp())
    assert why(room.answer(room.anna)) is NotSaid.OPTED_OUT
    assert len(room.sent()) == 1


def test_only_who_has_it_answers(room: Room) -> None:
    assert why(room.answer(room.anna)) is NotSaid.NOT_YOURS
    assert room.sent() == []


# Handing back


def test_only_who_has_it_hands_it_back_and_once(room: Room) -> None:
    room.take(room.anna)
    refused = room.hand_back(room.ben)
    assert isinstance(refused, NotDone)
    assert why(refused) is NotSaid.NOT_YOURS
    done = room.hand_back(room.anna)
    assert isinstance(done, HandedBack)
    assert done.may_be_told
    assert (room.contact().taken_by, room.contact().taken_at) == (None, None)
    assert room.hand_back(room.anna) is None
    assert room.acts() == ["conversation_taken", "conversation_handed_back"]


def test_a_number_that_was_looked_at_is_written_down(room: Room) -> None:
    assert repeat(lambda db: talking.show_number(db, room.contact_id, room.anna)) == (
        f"+{factories.PHONE}"
    )
    assert room.acts() == ["number_shown"]
