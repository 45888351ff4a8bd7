"""What every conversation is made of: steps that ask and hear, and a table of the moves between
them.

A flow is a class. Its `moves` are read by one state machine per class, which holds no conversation:
each turn makes a small object that stands at a step, hears one thing, and is thrown away.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar

from transitions import Machine

from flows.answers import Command
from flows.desk import Desk
from flows.passing_on import PASSED_ON, is_for_person, is_passed_on
from flows.phrases import Rendered, Words
from flows.turns import LONGEST_TITLE, SILENCE, Choice, Reply, Said, Session, Switch

HEARD = "heard"
BACK = "back"
CANCELLED = "cancelled"
TOO_OFTEN_MISHEARD = 3

Move = tuple[str, str | tuple[str, ...], str]


class Misheard(Exception):
    """The step did not understand, or may not take it: the step stays, and the phrase says why.

    `offer` are buttons in place of the step's own.
    """

    def __init__(self, key: str, *, offer: tuple[Choice, ...] = (), **variables: object) -> None:
        super().__init__(key)
        self.key = key
        self.offer = offer
        self.variables = variables


@dataclass(slots=True)
class NoAnswers:
    """The answers of a flow that keeps none."""


class Flow:
    """One conversation. Subclasses give the tables below, and `hear_<step>` and `ask_<step>`
    methods.

    `hear_<step>(said)` returns None (the move `heard`), the name of another move, a Reply to stay
    where it is, or
    a Switch; or raises Misheard. `ask_<step>()` is what is said on entering the step, and again
    when it is due.
    """

    name: ClassVar[str]
    first: ClassVar[str]
    moves: ClassVar[tuple[Move, ...]]
    keywords: ClassVar[tuple[str, ...]] = ()
    # Steps where this conversation is over: what they do not hear themselves, the menu hears.
    ends: ClassVar[frozenset[str]] = frozenset()
    # Commands that a step hears itself, because there the word is an answer.
    keeps: ClassVar[Mapping[str, frozenset[Command]]] = {}
    # Steps whose answer may be any word, so that a near miss of a command is the answer.
    any_word: ClassVar[frozenset[str]] = frozenset()
    # Moves that are no progress: the mishearings in a row go on being counted.
    unsettled: ClassVar[frozenset[str]] = frozenset()
    # Steps at which a code may be typed: nothing said here may be stored as it stands.
    secret: ClassVar[frozenset[str]] = frozenset()
    # Steps where "1." means the first button.
    numbered: ClassVar[frozenset[str]] = frozenset()
    answers_type: ClassVar[type[Any]] = NoAnswers

    def __init__(self, session: Session, desk: Desk, words: Words) -> None:
        self.desk = desk
        self.words = words
        self.step = session.step
        self.payment = session.payment
        self.misses = session.misses
        self.doubt: str | None = None
        # What this turn tells of a payment once for ever, as (payment, told).
        self.tells: tuple[str, str] | None = None
        known = {field.name for field in fields(self.answers_type)}
        kept = {name: value for name, value in session.answers.items() if name in known}
        self.answers: Any = self.answers_type(**kept)
        self._notes: list[Reply] = []

    # What is said.

    def say(self, key: str, *choices: Choice, **variables: object) -> Reply:
        """The phrase of this key, with buttons."""
        return Reply(key, self.words.render(key, variables), choices)

    def render(self, key: str, **variables: object) -> Rendered:
        """A phrase that becomes part of another one."""
        return self.words.render(key, variables)

    def choice(self, name: str, key: str, **variables: object) -> Choice:
        """A button. A title too long for the channel is cut, so what matters stands at its
        beginning.
        """
        title = self.words.render(key, variables)
        if len(title) > LONGEST_TITLE:
            return Choice(name, title[: LONGEST_TITLE - 1].rstrip() + "…")
        return Choice(name, title)

    def note(self, key: str, **variables: object) -> None:
        """Say this before the next prompt, in the same message."""
        self._notes.append(self.say(key, **variables))

    def ask(self) -> Reply:
        """What the step where we stand says, after the notes of this turn."""
        prompt: Reply = getattr(self, f"ask_{self.step}")()
        return self._after_notes(prompt)

    def _after_notes(self, reply: Reply) -> Reply:
        for note in reversed(self._notes):
            reply = note.then(reply)
        self._notes.clear()
        return reply

    # What is heard.

    def hear(self, said: Said) -> Reply | Switch:
        """Hear one message at the step where we stand."""
        listen = getattr(self, f"hear_{self.step}")
        try:
            heard: str | Reply | Switch | None = listen(said)
        except Misheard as misheard:
            return self._passed_on(said, misheard) or self.misunderstood(misheard)
        if isinstance(heard, Reply | Switch):
            return heard
        if heard not in self.unsettled:
            self.misses = 0
        self.move(heard or HEARD)
        return self.ask()

    def _passed_on(self, said: Said, misheard: Misheard) -> Reply | None:
        """What is written to the person who was asked for and has not come yet; None: it is for
        the bot.
        """
        if not is_for_person(misheard.key, said.text, self.desk):
            return None
        if is_passed_on(self.desk):
            return SILENCE
        if self.step in self.ends:
            choices = self.menu_choices()
            return self.say(PASSED_ON).then(self.say("common.pay_meanwhile", *choices))
        return self.say(PASSED_ON, *self.ask().choices)

    def misunderstood(self, misheard: Misheard) -> Reply:
        """The words of a mishearing with the step's buttons; the third in a row offers a person."""
        self.misses += 1
        reply = self._after_notes(self.say(misheard.key, **misheard.variables))
        choices = misheard.offer or self.ask().choices
        return self.with_person(reply, choices)

    def with_person(self, reply: Reply, choices: tuple[Choice, ...] = ()) -> Reply:
        """The reply with these buttons, and with the offer of a person when we misheard too
        often.
        """
        if self.misses >= TOO_OFTEN_MISHEARD:
            choices = (*choices[:2], self.choice("person", "button.person"))
        if self.misses and self.misses % TOO_OFTEN_MISHEARD == 0:
            reply = reply.then(self.say("common.offer_person"))
        return replace(reply, choices=choices)

    def begin(self, said: Said) -> Reply | Switch:
        """Start here: with what was said where it says something, else by asking."""
        return self.hear(said) if said.text else self.ask()

    def is_answer(self, text: str) -> bool:  # noqa: ARG002 - others read it
        """Whether this is so clearly an answer here that it is no slip of a command's name."""
        return self.step in self.any_word

    def claims(self, text: str) -> bool:  # noqa: ARG002 - others read it
        """Whether this is an answer here although it may be a command's name elsewhere."""
        return False

    def notice(self) -> None:
        """Something was written here, whatever it is."""

    # The moves.

    def move(self, trigger: str) -> None:
        """Go where the table leads. Raises MachineError where it leads nowhere."""
        table_of(type(self)).machine.events[trigger].trigger(self)

    def can(self, trigger: str) -> bool:
        """Whether the table has this move from here."""
        return self.step in table_of(type(self)).sources(trigger)

    def stored_answers(self) -> dict[str, str]:
        """The answers as a session keeps them."""
        return {name: value for name, value in asdict(self.answers).items() if value is not None}

    # Commands that mean something else in each flow.

    def on_cancel(self) -> Reply | Switch:
        """Leave, where it is possible."""
        return self.say("common.nothing_to_cancel", *self.menu_choices())

    def on_back(self) -> Reply | Switch:
        """One step back; from the first step to the menu."""
        if not self.can(BACK):
            return Switch("menu")
        self.move(BACK)
        return self.ask()

    def on_resend(self) -> Reply | Switch:
        """A new code, where one is typed."""
        self.note("common.no_code_expected")
        return self.ask()

    def on_change_amount(self, said: Said) -> Reply | Switch:  # noqa: ARG002 - others read it
        """Another amount, where one was given."""
        self.note("common.nothing_to_change")
        return self.ask()

    def on_change_number(self, said: Said) -> Reply | Switch:
        """Another number to charge, where one was given."""
        return self.on_change_amount(said)

    def on_yes(self, doubt: str) -> Reply | Switch:
        """The customer is sure of what `doubt` asked. Raises for a doubt that this flow never
        has.
        """
        raise ValueError(f"{self.name} never asked about {doubt!r}")

    def on_help(self) -> Reply:
        """What can be done here."""
        key = self.help_key()
        if key not in self.words:
            return self.say("common.help", *self.menu_choices())
        self.note(key)
        return self.ask()

    def help_key(self) -> str:
        """The phrase that explains the step where we stand; there need be none."""
        return f"{self.name}.{self.step}.help"

    def menu_choices(self) -> tuple[Choice, ...]:
        """The buttons that lead on from where nothing is asked."""
        return (
            self.choice("pay", "button.pay"),
            self.choice("bookings", "button.bookings"),
            self.choice("help", "button.help"),
        )


class Table:
    """The moves of a flow class, read once: its state machine, its steps, and what leads where.

    The machine knows no model: building one costs more than a whole turn, and a shared one must
    keep nothing of any conversation.
    """

    def __init__(self, flow: type[Flow]) -> None:
        self.moves = tuple(
            (trigger, source, dest)
            for trigger, sources, dest in flow.moves
            for source in ((sources,) if isinstance(sources, str) else sources)
        )
        self.steps = frozenset(step for _, *pair in self.moves for step in pair)
        self.machine = Machine(
            model=None,
            states=sorted(self.steps),
            transitions=[list(move) for move in self.moves],
            initial=flow.first,
            auto_transitions=False,
            queued=False,
            model_attribute="step",
        )

    def sources(self, trigger: str) -> frozenset[str]:
        """The steps from which this move leads somewhere."""
        return frozenset(source for name, source, _ in self.moves if name == trigger)


_TABLES: dict[type[Flow], Table] = {}


def table_of(flow: type[Flow]) -> Table:
    """The one table of a flow class, made when it is first needed."""
    table = _TABLES.get(flow)
    if table is None:
        table = _TABLES.setdefault(flow, Table(flow))
    return table
