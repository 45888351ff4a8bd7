"""How one message is heard: is it a button, the answer to a doubt, a command, or an answer to the
step?
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from flows import facts
from flows.answers import Command, YesNo, normalize, read_command, read_yes_no
from flows.charging import Charging
from flows.desk import Desk, PaymentStatus
from flows.flow import Flow
from flows.phrases import Words
from flows.turns import BUTTON_PREFIX, SILENCE, Choice, Heard, Reply, Said, Session, Switch

MOST_SWITCHES = 4
# The channel's own password for its sandbox, which it answers itself.
_SANDBOX_JOIN = re.compile(r"join [a-z]+-[a-z]+")
CALL_REQUEST = "VOICE_CALL_REQUEST"
COMMANDS = frozenset(command.value for command in Command)
# Buttons that do no harm when they come from an earlier message: always, and where nothing is being
# asked.
ALWAYS_GOOD = frozenset({"menu", "help", "person"})
GOOD_AT_AN_END = frozenset({"pay", "bookings"})


class Hearing:
    """One message, heard by the conversation of a session; afterwards `flow` is where it stands."""

    def __init__(
        self,
        flows: Mapping[str, type[Flow]],
        paying: type[Charging],
        session: Session,
        desk: Desk,
        words: Words,
    ) -> None:
        self._flows = flows
        self._paying = paying
        self._session = session
        self._desk = desk
        self._words = words
        self.flow: Flow = flows[session.flow](session, desk, words)

    def listen(self, heard: Heard) -> Reply:
        """What to answer. Raises BookingGone where the conversation's booking is no longer
        there.
        """
        text = normalize(heard.text)
        self.flow.notice()
        if text == CALL_REQUEST:
            return self._and_where_we_stand("common.no_calls")
        tapped = self._tapped(heard.payload)
        if tapped == "":
            return self.flow.say("common.stale").then(self.flow.ask())
        if tapped is None and not text:
            return self._wordless(heard)
        if _SANDBOX_JOIN.fullmatch(text.casefold()) and self.flow.step in self.flow.ends:
            return SILENCE
        said = Said(text, tapped or self._named(text), heard.forwarded)
        return self._follow(self._settle_doubt(said) or self._command_or_step(said))

    def come_back(self) -> Reply:
        """Go on where we stood, after a person has answered in our place."""
        return self._and_where_we_stand("common.back_again")

    def start_over(self) -> Reply:
        """Begin again at the menu, because what we talked about is gone."""
        self.flow = self._fresh("menu")
        return self.flow.say("common.start_over").then(self.flow.ask())

    def greet(self, reply: Reply) -> Reply:
        """The reply to somebody who writes for the first time says first who we are."""
        if reply is SILENCE:
            return reply
        if reply.key == "menu.unknown":
            reply = self.flow.ask()
        hello = self._words.render("menu.greeting", {})
        return replace(reply, text=f"{hello}\n\n{reply.text}")

    # Buttons.

    def _tapped(self, payload: str | None) -> str | None:
        """The name of one of our buttons, "" for one that is from earlier, None for anything
        else.
        """
        if payload is None:
            return None
        prefix, _, rest = payload.partition(":")
        scope, _, name = rest.partition(":")
        if prefix != BUTTON_PREFIX or not name:
            return None
        at_an_end = self.flow.step in self.flow.ends
        if (
            scope == self._session.scope
            or name in ALWAYS_GOOD
            or (at_an_end and name in GOOD_AT_AN_END)
        ):
            return name
        return ""

    def _named(self, text: str) -> str | None:
        """The button that was typed instead of tapped: by its title, or by its number in a menu."""
        offered = self._session.offered
        typed = text.casefold()
        for name, title in offered.items():
            if typed == normalize(title).casefold():
                return name
        number = text.rstrip(".)")
        if self.flow.step in self.flow.numbered and number in ("1", "2", "3"):
            return dict(enumerate(offered, start=1)).get(int(number))
        return None

    # The order of hearing.

    def _settle_doubt(self, said: Said) -> Reply | Switch | None:
        """The answer to what we asked last, None where nothing was asked or something else is
        said.
        """
        doubt = self._session.doubt
        if doubt is None:
            return None
        answer = said.tapped or read_yes_no(said.text)
        if answer in ("no", YesNo.NO):
            return self._and_where_we_stand("common.carry_on")
        if answer not in ("yes", YesNo.YES):
            return None
        if doubt in COMMANDS:
            return self._obey(Command(doubt), said)
        return self.flow.on_yes(doubt)

    def _command_or_step(self, said: Said) -> Reply | Switch:
        if said.tapped is not None:
            if said.tapped in COMMANDS:
                return self._obey(Command(said.tapped), said)
            return self.flow.hear(said)
        reading = read_command(said.text)
        command = reading.command
        kept = self.flow.keeps.get(self.flow.step, frozenset())
        if command is None or command in kept or self.flow.claims(said.text):
            return self.flow.hear(said)
        if reading.sure:
            return self._obey(command, said)
        if self.flow.is_answer(said.text):
            return self.flow.hear(said)
        return self._did_you_mean(command)

    def _did_you_mean(self, command: Command) -> Reply:
        self.flow.doubt = command.value
        word = self._words.render(f"word.{command.value}", {})
        yes = Choice("yes", self._words.render("button.yes", {}))
        no = Choice("no", self._words.render("button.no", {}))
        return self.flow.say("common.did_you_mean", yes, no, word=word)

    def _follow(self, outcome: Reply | Switch) -> Reply:
        """Go where a conversation sends us, until one of them answers."""
        for _ in range(MOST_SWITCHES):
            if isinstance(outcome, Reply):
                return outcome
            outcome = self._enter(outcome)
        raise RuntimeError(f"the conversations send each other around: {self.flow.name}")

    def _enter(self, switch: Switch) -> Reply | Switch:
        if switch.payment is None:
            self.flow = self._fresh(switch.flow)
            return self.flow.begin(switch.said)
        flow = self._paying(Session(switch.flow, self._paying.first), self._desk, self._words)
        flow.stand_on(switch.payment)
        self.flow = flow
        return flow.hear(switch.said) if switch.said.text else flow.ask()

    def _fresh(self, name: str) -> Flow:
        kind = self._flows[name]
        return kind(Session(name, kind.first), self._desk, self._words)

    # Commands.

    def _obey(self, command: Command, said: Said) -> Reply | Switch:
        match command:
            case Command.PAY:
                return Switch("pay")
            case Command.MENU:
                return Switch("menu")
            case Command.BACK:
                return self.flow.on_back()
            case Command.HELP:
                return self.flow.on_help()
            case Command.STATUS | Command.BALANCE:
                return self._and_where_we_stand("common.status", facts.status)
            case Command.RECEIPT:
                return self._receipt()
            case Command.PERSON:
                self._desk.ask_for_person()
                self.flow.misses = 0
                return self._and_where_we_stand("common.person")
            case Command.OPT_OUT:
                return self._opt_out()
            case Command.LANGUAGE:
                return self._and_where_we_stand("common.language")
        return self._about_payment(command, said)

    def _about_payment(self, command: Command, said: Said) -> Reply | Switch:
        """Commands about a payment are heard by its conversation, also from the menu."""
        self._stand_on_live_payment()
        match command:
            case Command.CANCEL:
                return self.flow.on_cancel()
            case Command.RESEND:
                return self.flow.on_resend()
            case Command.CHANGE_AMOUNT:
                return self.flow.on_change_amount(said)
            case Command.CHANGE_NUMBER:
                return self.flow.on_change_number(said)
        raise ValueError(f"nobody obeys {command.value!r}")

    def _stand_on_live_payment(self) -> None:
        live = facts.under_way(self._desk) if self.flow.name == "menu" else None
        if live is not None:
            flow = self._paying(Session("pay", self._paying.first), self._desk, self._words)
            flow.stand_on(live)
            self.flow = flow

    def _receipt(self) -> Reply:
        last = self._desk.last_payment()
        if last is None or last.status is not PaymentStatus.SUCCEEDED:
            return self._and_where_we_stand("common.status", facts.status)
        receipt = self.flow.say("common.receipt", receipt=facts.receipt(self._words, last))
        return self._continued(receipt)

    def _opt_out(self) -> Reply | Switch:
        """What waits for the customer is cancelled, because nothing more will be said about it."""
        self._stand_on_live_payment()
        reply = self.flow.say("common.opted_out")
        if self.flow.name == "pay" and self.flow.step not in self.flow.ends:
            cancelled = self.flow.on_cancel()
            if isinstance(cancelled, Reply):
                reply = Reply(cancelled.key, cancelled.text).then(reply)
        self._desk.opt_out()
        return reply

    # Answers beside the step.

    def _wordless(self, heard: Heard) -> Reply:
        if heard.media:
            return self._and_where_we_stand("common.media")
        return self._and_where_we_stand("common.location" if heard.location else "common.empty")

    def _and_where_we_stand(self, key: str, facts_of: facts.Facts | None = None) -> Reply:
        """A short answer, and then again what the step asks."""
        if facts_of is None:
            return self._continued(self.flow.say(key))
        return self._continued(self.flow.say(key, facts=facts_of(self._words, self._desk)))

    def _continued(self, reply: Reply) -> Reply:
        if self.flow.step in self.flow.ends:
            return Reply(reply.key, reply.text, self.flow.menu_choices())
        return reply.then(self.flow.ask())
