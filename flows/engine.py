"""The engine: one message or one event goes in, the next session and what to say come out.

    event    ─▶ still true? ─▶ about our payment: move · about another: an aside
    message  ─▶ button? ─▶ a doubt to settle? ─▶ a command? ─▶ the step

It is synchronous and keeps nothing: what has to happen happens at the desk, inside the turn's one
transaction.
"""

from flows import facts
from flows.answers import Command, normalize, read_command
from flows.asides import aside
from flows.charging import Charging
from flows.desk import Desk
from flows.events import is_still_true
from flows.flow import Flow, table_of
from flows.hearing import Hearing
from flows.phrases import Phrases, Words
from flows.standing import BookingGone
from flows.turns import (
    BUTTON_PREFIX,
    LONGEST_TEXT,
    MOST_BUTTONS,
    SILENCE,
    Button,
    Heard,
    Reply,
    Say,
    Session,
    Told,
    Turn,
)


class Engine:
    """Holds no conversation: one engine serves every contact and every thread.

    `home` is where conversations begin and end; `paying` is the one that stands on payments and
    hears events.
    """

    def __init__(self, phrases: Phrases, home: type[Flow], paying: type[Charging]) -> None:
        self._phrases = phrases
        self._home = home
        self._paying = paying
        self._flows: dict[str, type[Flow]] = {home.name: home, paying.name: paying}

    def hear(
        self, session: Session | None, heard: Heard | Told, desk: Desk, language: str, nonce: str
    ) -> Turn:
        """One turn. `nonce` is new with each turn: buttons of an earlier step are known by it.

        A session of None, or with a flow or step that we do not know, restarts from the live
        payment. Raises UnknownEvent for an event that nobody can tell.
        """
        words = self._phrases.speaking(language)
        known = session if session is not None and self._knows(session) else None
        before = known or self._restart(desk, words)
        if isinstance(heard, Told):
            return self._tell(before, heard, desk, words, nonce)
        hearing = Hearing(self._flows, self._paying, before, desk, words)
        try:
            reply = hearing.listen(heard)
        except BookingGone:
            reply = hearing.start_over()
        if session is None and before.flow == self._home.name:
            reply = hearing.greet(reply)
        return _turn(before, hearing.flow, reply, nonce, hearing.flow.tells)

    def come_back(self, session: Session | None, desk: Desk, language: str, nonce: str) -> Turn:
        """A person has handed the conversation back: it goes on where it stands, and says where."""
        words = self._phrases.speaking(language)
        known = session if session is not None and self._knows(session) else None
        before = known or self._restart(desk, words)
        hearing = Hearing(self._flows, self._paying, before, desk, words)
        try:
            reply = hearing.come_back()
        except BookingGone:
            reply = hearing.start_over()
        return _turn(before, hearing.flow, reply, nonce, hearing.flow.tells)

    def asks_to_stop(self, text: str) -> bool:
        """Whether somebody wants no messages any more: heard also while a person answers."""
        reading = read_command(normalize(text))
        return reading.sure and reading.command is Command.OPT_OUT

    def expects_code(self, session: Session | None) -> bool:
        """Whether the next message may be a code, so that no part of it may be kept as it
        stands.
        """
        if session is None or not self._knows(session):
            return False
        menu_beside_payment = session.flow == self._home.name and session.payment is not None
        return menu_beside_payment or session.step in self._flows[session.flow].secret

    def sorry(self, language: str) -> Say:
        """What is said when a message could not be heard at all and a person was called."""
        words = self._phrases.speaking(language)
        return Say("common.sorry", words.render("common.sorry", {}))

    def person_is_here(self, language: str) -> Say:
        """What is said once when a person of staff takes the conversation over."""
        words = self._phrases.speaking(language)
        return Say("common.person_here", words.render("common.person_here", {}))

    def is_back(self, language: str) -> Say:
        """What is said before the answer to who was left without one by the person who had them."""
        words = self._phrases.speaking(language)
        return Say("common.back_again", words.render("common.back_again", {}))

    def slow_down(self, language: str) -> Say:
        """What is said once to who sends more than can be answered."""
        words = self._phrases.speaking(language)
        return Say("common.slow_down", words.render("common.slow_down", {}))

    def _knows(self, session: Session) -> bool:
        flow = self._flows.get(session.flow)
        return flow is not None and session.step in table_of(flow).steps

    def _restart(self, desk: Desk, words: Words) -> Session:
        """Where a contact without a session stands: on the payment under way, or in the menu."""
        live = facts.under_way(desk)
        if live is None:
            return Session(self._home.name, self._home.first)
        flow = self._paying(Session(self._paying.name, self._paying.first), desk, words)
        flow.stand_on(live)
        return _session(flow, stand="", offered={})

    def _tell(self, before: Session, told: Told, desk: Desk, words: Words, nonce: str) -> Turn:
        """An event moves the conversation that stands on its payment; for any other it is an
        aside.
        """
        if not is_still_true(told):
            return Turn(before, ())
        tells = (told.payment.id, told.told)
        if before.payment != told.payment.id:
            return Turn(before, (_say(aside(words, told, desk.now), (), tells),))
        flow = self._paying(before, desk, words)
        if before.flow != self._paying.name:
            flow.stand_on(told.payment)
        return _turn(before, flow, flow.tell(told), nonce, tells)


def _turn(
    before: Session, flow: Flow, reply: Reply, nonce: str, tells: tuple[str, str] | None
) -> Turn:
    """The session afterwards and the message, with buttons that are good for where we now stand."""
    stayed = (before.flow, before.step, before.payment) == (flow.name, flow.step, flow.payment)
    stand = before.stand if stayed and before.stand else nonce
    # The channel takes one kind of button per message, and a link is one.
    choices = reply.choices[:MOST_BUTTONS] if reply.link is None else ()
    offered = {choice.name: choice.title for choice in choices}
    if reply is SILENCE and stayed:
        offered = before.offered
    session = _session(flow, stand, offered)
    buttons = tuple(
        Button(f"{BUTTON_PREFIX}:{session.scope}:{choice.name}", choice.title) for choice in choices
    )
    says = (_say(reply, buttons, tells),) if reply is not SILENCE else ()
    return Turn(session, says)


def _session(flow: Flow, stand: str, offered: dict[str, str]) -> Session:
    return Session(
        flow=flow.name,
        step=flow.step,
        payment=flow.payment,
        answers=flow.stored_answers(),
        stand=stand,
        misses=flow.misses,
        doubt=flow.doubt,
        offered=offered,
    )


def _say(reply: Reply, buttons: tuple[Button, ...], tells: tuple[str, str] | None) -> Say:
    text = reply.text
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1].rstrip() + "…"
    payment, told = tells or (None, None)
    return Say(
        key=reply.key,
        text=text,
        buttons=buttons,
        told=told,
        payment=payment,
        expires_seconds=reply.expires_seconds,
        link=reply.link,
        picture=reply.picture,
    )


__all__ = ["Button", "Engine", "Heard", "Say", "Session", "Told", "Turn"]
