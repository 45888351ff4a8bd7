"""Plays a transcript against the engine: what is written, what happens, and what is answered.

# a title                      a comment
@ booking KS-2024-001 paid=0   sets the desk up; also `@ sender …`, `@ desk …`, `@ session {…}`
> text                         the customer writes
> [Title], > [[Title]]         taps a button of the last message, or of an older one
>! payload=… media=… text=…    a message with other fields
< text                         what is answered, line by line; `< [One] [Two]` are its buttons,
                               `< (Title: address)` its link, `< (picture: address)` its picture
< (nothing)                    no answer
* otp_sent reference=ETDC      the worker's event about the newest payment, or `payment=1`
~ text, ~ * event              as above, but the answer is not shown
! payment=cancelled …          what must be true at the desk
"""

import shlex
from dataclasses import dataclass, field, fields
from pathlib import Path

from flows.conversations import engine
from flows.desk import Refusal
from flows.desk_answers import OtpAnswer, ResendAnswer
from flows.engine import Engine, Heard, Say, Session, Told
from tests.flows.desk_fake import FakeBooking, FakeDesk

FOLDER = Path(__file__).parent / "transcripts"
WORDS_OF_FIELDS = {"refuse": Refusal, "otp_answer": OtpAnswer, "resend_answer": ResendAnswer}


@dataclass
class Player:
    """One conversation, as a transcript plays it."""

    desk: FakeDesk = field(default_factory=FakeDesk)
    session: Session | None = None
    said: list[Say] = field(default_factory=list)
    turns: int = 0
    engine: Engine = field(default_factory=engine)

    def play(self, lines: list[str]) -> list[str]:
        """The transcript as it really went: the same lines when all is well."""
        went: list[str] = []
        for line in lines:
            mark, _, rest = line.partition(" ")
            if mark == "<":
                continue
            went.append(line)
            if mark == "~":
                self.walk(rest)
            elif mark == "@":
                self.set_up(rest)
            elif mark in (">", ">!"):
                went += shown(self.write(rest, mark == ">!"))
            elif mark == "*":
                went += shown(self.happen(rest))
            elif mark == "!":
                self.check(rest)
        return went

    def walk(self, rest: str) -> None:
        """Go on without showing what is answered, where another transcript shows it."""
        if rest.startswith("* "):
            self.happen(rest.removeprefix("* "))
        else:
            self.write(rest, with_fields=False)

    def set_up(self, rest: str) -> None:
        """Bookings, the sender, the desk's next answers, the session."""
        what, _, detail = rest.partition(" ")
        if what == "session":
            self.session = Session.from_json(detail)
            return
        if what == "booking":
            reference, *pairs = shlex.split(detail)
            self.desk.bookings = [b for b in self.desk.bookings if b.reference != reference]
            booking = FakeBooking(reference)
            self.desk.bookings.append(booking)
            assign(booking, pairs)
            return
        assign(self.desk, shlex.split(detail))

    def write(self, rest: str, with_fields: bool) -> tuple[Say, ...]:
        """A message of the customer's."""
        if with_fields:
            return self.hear(message_with_fields(rest))
        if rest.startswith("[[") and rest.endswith("]]"):
            return self.hear(self.tap(rest[2:-2], self.said[:-1]))
        if rest.startswith("[") and rest.endswith("]"):
            return self.hear(self.tap(rest[1:-1], self.said[-1:]))
        return self.hear(Heard(rest.replace("\\n", "\n")))

    def tap(self, title: str, messages: list[Say]) -> Heard:
        """A tap as the channel sends it: the title comes as text too."""
        for say in reversed(messages):
            for button in say.buttons:
                if button.title == title:
                    return Heard(title, payload=button.id)
        raise AssertionError(f"no message shows a button {title!r}")

    def happen(self, rest: str) -> tuple[Say, ...]:
        """An event of the worker's."""
        name, *pairs = shlex.split(rest)
        values = dict(pair.split("=", 1) for pair in pairs)
        place = int(values.pop("payment", len(self.desk.payments)))
        payment = self.desk.payments[place - 1]
        view = self.desk.happen(name, payment, values)
        amount = payment.booking.money(int(values["amount"])) if "amount" in values else None
        days = int(values["days"]) if "days" in values else None
        return self.hear(Told(name, view, int(values.get("ordinal", 0)), amount, days))

    def hear(self, heard: Heard | Told) -> tuple[Say, ...]:
        """One turn; the session goes through its stored form, as it does between turns."""
        self.turns += 1
        turn = self.engine.hear(self.session, heard, self.desk, "en", f"n{self.turns}")
        stored = turn.session.to_json()
        self.session = Session.from_json(stored)
        assert self.session == turn.session, "a session survives being stored"
        assert len(turn.says) <= 1, "one message per turn"
        self.said += turn.says
        self.desk.sent += [(say.key, self.desk.now) for say in turn.says]
        return turn.says

    def check(self, rest: str) -> None:
        """What must be true at the desk, or of the session and the last message."""
        last = self.desk.payments[-1] if self.desk.payments else None
        told = self.said[-1].told if self.said else None
        session = self.session or Session("", "")
        truth = {
            "payments": len(self.desk.payments),
            "payment": last.status.value if last else "none",
            "amount": str(last.amount) if last else "none",
            "number": last.number if last else "none",
            "way": last.way if last else "none",
            "cancel_requested": last.cancel_requested if last else "none",
            "asked": len(self.desk.asked),
            "questions": len(self.desk.questions),
            "codes": ",".join(last.codes) if last else "none",
            "persons": self.desk.asked_for_person,
            "opted_out": self.desk.opted_out,
            "step": f"{session.flow}.{session.step}",
            "told": told,
            "expires": self.said[-1].expires_seconds if self.said else "none",
            "key": self.said[-1].key if self.said else "none",
        }
        for pair in shlex.split(rest):
            name, _, expected = pair.partition("=")
            assert str(truth[name]) == expected, f"{name} is {truth[name]}, not {expected}"


def message_with_fields(rest: str) -> Heard:
    """`media=audio/ogg payload=x forwarded location text=…`."""
    values: dict[str, str] = {}
    for word in shlex.split(rest):
        name, _, value = word.partition("=")
        values[name] = value
    return Heard(
        text=values.get("text", ""),
        payload=values.get("payload"),
        media=tuple(filter(None, [values.get("media")])),
        forwarded="forwarded" in values,
        location="location" in values,
    )


def assign(thing: object, pairs: list[str]) -> None:
    """`name=value` into the fields of a fake, by the type that the field has."""
    known = {one.name for one in fields(thing)}  # type: ignore[arg-type]
    for pair in pairs:
        name, _, text = pair.partition("=")
        assert name in known, f"no field {name!r}"
        value: object = text
        if text == "none":
            value = None
        elif name in WORDS_OF_FIELDS:
            value = WORDS_OF_FIELDS[name](text)
        elif text in ("yes", "no"):
            value = text == "yes"
        elif text.isdecimal() and name not in ("phone",):
            value = int(text)
        setattr(thing, name, value)


def shown(says: tuple[Say, ...]) -> list[str]:
    """What was said, as a transcript shows it."""
    if not says:
        return ["< (nothing)"]
    lines = [f"< {line}".rstrip() for say in says for line in say.text.split("\n")]
    buttons = [" ".join(f"[{button.title}]" for button in say.buttons) for say in says]
    links = [f"({say.link.title}: {say.link.url})" for say in says if say.link is not None]
    pictures = [f"(picture: {say.picture})" for say in says if say.picture is not None]
    return lines + [f"< {line}" for line in (*buttons, *links, *pictures) if line]


def load(path: Path) -> list[str]:
    """The lines of a transcript."""
    return path.read_text(encoding="utf-8").splitlines()


def walk(*messages: str) -> Player:
    """A conversation that went through these lines of a transcript."""
    player = Player(FakeDesk([FakeBooking("KS-2024-001", paid=0)]))
    for message in messages:
        player.walk(message)
    return player


def at_the_code() -> Player:
    """A conversation that waits for its code."""
    return walk("pay KS-2024-001", "100", "this number", "* otp_sent reference=ETDC")
