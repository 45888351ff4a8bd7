"""The menu: where a conversation begins, ends, and goes when nothing else fits.

idle ◀──▶ offer      a booking reference out of the blue: "pay for it?" asks for a yes first
"""

from dataclasses import dataclass

from flows import facts
from flows.answers import Otp, YesNo, names_provider, read_otp, read_references, read_yes_no
from flows.desk import PaymentStatus
from flows.flow import BACK, HEARD, Flow, Misheard
from flows.turns import TAPPED_REFERENCE, Choice, Reply, Said, Switch

LIKELY_OTP_DIGITS = 6
MOST_PAY_BUTTONS = 2
LONGEST_TITLE_REFERENCE = 20

METHODS = frozenset({"mobile payment", "mobile money", "upi"})
PAY_WORDS = frozenset({"pay", "paying", "payment"})
GREETINGS = frozenset(
    {
        "hi",
        "hello",
        "hey",
        "good morning",
        "good afternoon",
        "good evening",
        "start",
        "mhoro",
        "makadii",
        "salibonani",
        "sawubona",
        "привет",
        "здравствуйте",
        "сәлем",
        "नमस्ते",
        "namaste",
        "👋",
    }
)
THANKS = frozenset(
    {
        "thanks",
        "thank you",
        "thank you so much",
        "thank you very much",
        "many thanks",
        "ok",
        "okay",
        "ok thanks",
        "great",
        "maita basa",
        "tatenda",
        "ngiyabonga",
        "спасибо",
        "рахмет",
        "धन्यवाद",
        "🙏",
        "👍",
    }
)


@dataclass(slots=True)
class MenuAnswers:
    """The reference that was offered to be paid."""

    offered: str | None = None


class Menu(Flow):
    """Says what can be done, and knows a reference or a code when it sees one."""

    name = "menu"
    first = "idle"
    moves = (
        (HEARD, "idle", "idle"),
        ("offered", "idle", "offer"),
        (HEARD, "offer", "idle"),
        (BACK, "offer", "idle"),
    )
    ends = frozenset({"idle"})
    numbered = frozenset({"idle"})
    answers_type = MenuAnswers
    answers: MenuAnswers

    def hear_idle(self, said: Said) -> str | Reply | Switch | None:
        """Anything at all."""
        if said.tapped == "bookings":
            return self.show_bookings()
        if said.tapped is not None and said.tapped.startswith(TAPPED_REFERENCE):
            return Switch("pay", said)
        found = read_references(said.text).found
        if found:
            return self._reference(found[0], said)
        if isinstance(read_otp(said.text, LIKELY_OTP_DIGITS), Otp):
            return self._code(said)
        words = said.text.casefold().strip(" .!,")
        if words in METHODS or names_provider(said.text):
            return Switch("pay")
        if words in GREETINGS:
            return None
        if words in THANKS:
            return self.say("menu.welcome", *self.menu_choices())
        raise Misheard("menu.unknown")

    def ask_idle(self) -> Reply:
        """The menu, and the payment under way if there is one."""
        live = facts.under_way(self.desk)
        if live is not None:
            self.payment = live.id
            line = facts.payment_line(self.words, live)
            return self.say("menu.ask_waiting", *self.menu_choices(), payment=line)
        return self.say("menu.ask", *self.menu_choices())

    def hear_offer(self, said: Said) -> Switch | None:
        """Yes pays for the reference that was offered; anything else is heard by the menu."""
        answer = said.tapped or read_yes_no(said.text)
        if answer in ("yes", YesNo.YES) and self.answers.offered:
            return Switch("pay", Said(self.answers.offered))
        if answer in ("no", YesNo.NO):
            self.note("menu.offer_declined")
            return None
        return Switch("menu", said)

    def ask_offer(self) -> Reply:
        """Pay for it?"""
        choices = (self.choice("yes", "button.yes"), self.choice("no", "button.no"))
        return self.say("menu.offer", *choices, reference=self.answers.offered or "")

    def show_bookings(self) -> Reply:
        """The sender's bookings with what each owes; one tap to pay."""
        bookings = self.desk.own_bookings()
        listed = facts.own_bookings(self.words, bookings, self.desk.cancelled_bookings())
        if listed is None:
            return self.say("menu.no_bookings", *self.menu_choices())
        owing = [booking for booking in bookings if booking.free.amount_minor > 0]
        choices = tuple(self._pay_for(booking.reference) for booking in owing[:MOST_PAY_BUTTONS])
        menu = self.choice("menu", "button.menu")
        return self.say("menu.bookings", *choices, menu, bookings=listed)

    def on_back(self) -> Reply | Switch:
        """Back to the payment under way; without one the menu is as far back as it goes."""
        live = facts.under_way(self.desk) if self.step == "idle" else None
        return super().on_back() if live is None else Switch("pay", payment=live)

    def on_help(self) -> Reply:
        """What this chat can do."""
        return self.say("common.help", *self.menu_choices())

    def _pay_for(self, reference: str) -> Choice:
        title = self.render("button.pay_for", booking=reference)
        short = title if len(title) <= LONGEST_TITLE_REFERENCE else reference
        return Choice(f"{TAPPED_REFERENCE}{reference}", short[:LONGEST_TITLE_REFERENCE])

    def _reference(self, reference: str, said: Said) -> str | Switch:
        """Who writes "pay" with it means it; a bare or a forwarded reference is asked about."""
        means_it = not PAY_WORDS.isdisjoint(said.text.casefold().split())
        if means_it and not said.forwarded:
            return Switch("pay", Said(reference))
        self.answers.offered = reference
        return "offered"

    def _code(self, said: Said) -> Reply | Switch:
        """A code out of the blue is for the payment that waits for one, or for nothing."""
        live = facts.under_way(self.desk)
        if live is not None and live.status is PaymentStatus.AWAITING_OTP:
            return Switch("pay", said, payment=live)
        if live is not None and live.status is PaymentStatus.CONFIRMING:
            return Switch("pay", said, payment=live)
        return self.say("menu.stray_code", *self.menu_choices())
