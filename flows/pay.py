"""Pay for a booking.

    reference ─┬▶ amount ─▶ number ─┬▶ starting ─▶ otp ─▶ confirming ─┬▶ paid
       ▲       │            │  ▲    │               ▲         │       ├▶ failed
       ▼       │            ▼  │    │               └─ wrong ─┘       └▶ uncertain ─▶ paid, failed
    surname ───┘           consent ─┘

A shared reference that names several bookings asks `which`; what cannot be paid ends at `closed`.
"cancel" leaves from anywhere but `confirming`: by then the provider has the code.
"""

from flows import facts
from flows.answers import (
    Command,
    Otp,
    ReferenceQuestion,
    YesNo,
    read_otp,
    read_reference_question,
    read_references,
    read_yes_no,
)
from flows.charging import Charging
from flows.desk import BookingView, Lookup, Several
from flows.flow import BACK, CANCELLED, HEARD, Misheard
from flows.standing import BEFORE_PAYING, OVER_UNPAID, UNDER_WAY, WAITING
from flows.turns import TAPPED_REFERENCE, Choice, Reply, Said

LONGEST_SURNAME = 60
MOST_SHOWN_BOOKINGS = 3


class Pay(Charging):
    """From "pay" to a receipt."""

    first = "reference"
    keywords = ("pay", "payment", "make payment", "omari payment")
    moves = (
        (HEARD, ("reference", "surname", "which"), "amount"),
        ("unknown", ("reference", "surname"), "surname"),
        ("several", ("reference", "surname"), "which"),
        (HEARD, "amount", "number"),
        (HEARD, ("number", "consent"), "starting"),
        ("other_number", ("number", "consent"), "consent"),
        ("otp_sent", "starting", "otp"),
        ("code_early", "starting", "confirming"),
        (HEARD, "otp", "confirming"),
        ("otp_wrong", ("confirming", "otp"), "otp"),
        ("code_lost", ("confirming", "otp"), "otp"),
        ("code_resent", WAITING, "otp"),
        ("uncertain", (*WAITING, "confirming"), "uncertain"),
        ("settled", (*UNDER_WAY, *OVER_UNPAID), "paid"),
        ("late", (*UNDER_WAY, *OVER_UNPAID), "paid"),
        ("failed", UNDER_WAY, "failed"),
        ("expired", UNDER_WAY, "failed"),
        ("again", OVER_UNPAID, "starting"),
        ("refused", ("reference", "surname", "which"), "closed"),
        ("refused", ("number", "consent", *OVER_UNPAID), "closed"),
        ("refused_amount", ("number", "consent", *OVER_UNPAID), "amount"),
        ("refused_number", ("number", "consent", *OVER_UNPAID), "number"),
        ("change_amount", ("number", "consent", *WAITING, *OVER_UNPAID), "amount"),
        ("change_number", ("consent", *WAITING, *OVER_UNPAID), "number"),
        ("restart", WAITING, "reference"),
        (BACK, ("surname", "which", "amount"), "reference"),
        (BACK, "number", "amount"),
        (BACK, "consent", "number"),
        (CANCELLED, (*BEFORE_PAYING, *UNDER_WAY), "cancelled"),
    )
    ends = frozenset({"paid", "failed", "cancelled", "closed"})
    keeps = {
        "amount": frozenset({Command.BALANCE, Command.CHANGE_AMOUNT}),
        "number": frozenset({Command.CHANGE_NUMBER}),
    }
    any_word = frozenset({"surname"})
    unsettled = frozenset({"unknown"})
    secret = frozenset({"starting", "otp", "confirming"})

    # Which booking.

    def hear_reference(self, said: Said) -> str | None:
        """A reference, or a yes to the one that we took it for."""
        tapped = self._tapped_reference(said)
        if tapped is not None:
            return self._look_up(tapped, ())
        read = read_references(said.text)
        if len(read.found) > 1:
            offer = tuple(
                Choice(f"{TAPPED_REFERENCE}{reference}", reference[:20])
                for reference in read.found[:MOST_SHOWN_BOOKINGS]
            )
            raise Misheard("pay.reference.two", offer=offer)
        written = next(iter((*read.found, *read.typed)), None)
        if written is not None:
            return self._look_up(written, read.doubtful)
        if self.answers.suggested and read_yes_no(said.text) is YesNo.YES:
            return self._look_up(self.answers.suggested, ())
        if read.doubtful:
            raise self._did_you_mean(read.doubtful[0])
        if isinstance(read_otp(said.text), Otp):
            raise Misheard("pay.reference.code")
        raise self._without_reference(said.text)

    def ask_reference(self) -> Reply:
        """Ask for it; who has bookings to pay may tap one instead."""
        offer = self._owing(self.desk.own_bookings())
        return self.say("pay.reference.ask_own" if offer else "pay.reference.ask", *offer)

    def hear_surname(self, said: Said) -> str | None:
        """The lead traveller's surname, or another reference."""
        read = read_references(said.text)
        if (
            self._tapped_reference(said)
            or read.found
            or read.doubtful
            or self.answers.typed is None
        ):
            return self.hear_reference(said)
        letters = any(character.isalpha() for character in said.text)
        if not letters or len(said.text) > LONGEST_SURNAME:
            raise Misheard("pay.surname.not_understood")
        proved = self.desk.prove_booking(self.answers.typed, said.text)
        if isinstance(proved, BookingView):
            return self._take(proved)
        if proved is Lookup.TOO_MANY_TRIES:
            raise self._too_many_tries()
        raise Misheard("pay.surname.wrong", reference=self.answers.typed)

    def ask_surname(self) -> Reply:
        """The same words whether the reference exists or not."""
        reply = self.say("pay.surname.ask", reference=self.answers.typed or "")
        return self.with_person(reply)

    def hear_which(self, said: Said) -> str | None:
        """One of the sender's own bookings: its reference, or its place in the list."""
        references = (self.answers.several or "").split("\n")
        if said.text.rstrip(".)") in {str(place + 1) for place in range(len(references))}:
            return self._look_up(references[int(said.text.rstrip(".)")) - 1], ())
        return self.hear_reference(said)

    def ask_which(self) -> Reply:
        """The bookings that share the reference."""
        bookings = tuple(
            booking
            for reference in (self.answers.several or "").split("\n")
            if (booking := self.desk.booking(reference)) is not None
        )
        listed = facts.booking_lines(self.words, bookings)
        return self.say("pay.which.ask", *self._booking_choices(bookings[:3]), bookings=listed)

    def _look_up(self, reference: str, doubtful: tuple[str, ...]) -> str | None:
        """Take the sender's own booking; where there is none, say the same whether it exists or
        not.
        """
        self.answers.suggested = None
        found = self.desk.find_booking(reference)
        if isinstance(found, BookingView):
            return self._take(found)
        if isinstance(found, Several):
            self.answers.several = "\n".join(booking.reference for booking in found.bookings)
            return "several"
        if found is Lookup.TOO_MANY_TRIES:
            raise self._too_many_tries()
        if doubtful:
            raise self._did_you_mean(doubtful[0])
        self.answers.typed = reference
        self.misses += 1
        return "unknown"

    def _take(self, booking: BookingView) -> str | None:
        """Go on with this booking, or note why nothing can be paid for it."""
        providers = self.desk.providers(booking)
        if booking.cancelled:
            self.note("pay.refused.cancelled", booking=booking.display_reference)
        elif booking.balance.amount_minor <= 0:
            self.note("pay.refused.already_paid", booking=booking.display_reference)
        elif booking.free.amount_minor <= 0:
            later = facts.when(self.words, self.desk.now, booking.held_until)
            self.note("pay.refused.held", when=later)
        elif not providers:
            self.note("pay.refused.no_provider")
        else:
            self.answers.booking = booking.reference
            self.answers.provider = providers[0]
            return None
        return "refused"

    def _without_reference(self, text: str) -> Misheard:
        """Who has no reference at hand, or names their tour, is shown their own bookings."""
        bookings = self.desk.own_bookings()
        meant = facts.on_tour(bookings, text)
        question = read_reference_question(text)
        if question is ReferenceQuestion.EXPLAIN:
            return Misheard("pay.reference.help")
        if question is ReferenceQuestion.LACKING and not bookings:
            return Misheard("pay.reference.none_own")
        if question is ReferenceQuestion.NOTHING and not meant:
            return Misheard("pay.reference.not_understood")
        shown = meant or bookings
        listed = facts.booking_lines(self.words, shown)
        return Misheard("pay.reference.own", offer=self._owing(shown), bookings=listed)

    def _did_you_mean(self, suggestion: str) -> Misheard:
        self.answers.suggested = suggestion
        offer = (Choice(f"{TAPPED_REFERENCE}{suggestion}", suggestion[:20]),)
        return Misheard("pay.reference.doubtful", offer=offer, suggestion=suggestion)

    def _too_many_tries(self) -> Misheard:
        person = self.choice("person", "button.person")
        return Misheard("pay.reference.too_many", offer=(person,))

    def _tapped_reference(self, said: Said) -> str | None:
        if said.tapped is None or not said.tapped.startswith(TAPPED_REFERENCE):
            return None
        return said.tapped.removeprefix(TAPPED_REFERENCE)

    def _owing(self, bookings: tuple[BookingView, ...]) -> tuple[Choice, ...]:
        """A button for each of the first bookings that something can be paid for."""
        owing = tuple(booking for booking in bookings if booking.free.amount_minor > 0)
        return self._booking_choices(owing[:MOST_SHOWN_BOOKINGS])

    def _booking_choices(self, bookings: tuple[BookingView, ...]) -> tuple[Choice, ...]:
        called = facts.names(bookings)
        return tuple(
            Choice(f"{TAPPED_REFERENCE}{booking.reference}", called[booking.reference][:20])
            for booking in bookings
        )

    # How much.

    def is_answer(self, text: str) -> bool:
        """An amount in words may look like a command with a slip in it, and ❌ like one."""
        if self.step == "consent":
            return read_yes_no(text) is not YesNo.UNCLEAR
        return super().is_answer(text) or (
            self.step == "amount" and self.amount_step().understands(text)
        )

    def hear_amount(self, said: Said) -> None:
        """An amount that the booking may take."""
        self.answers.amount = str(self.amount_step().read(said).amount_minor)

    def ask_amount(self) -> Reply:
        """What the booking is, what it owes, and one tap to pay that."""
        return self.amount_step().prompt()

    # From which number.

    def hear_number(self, said: Said) -> str | Reply | None:
        """The sender's own number, or another, which must be asked about once more."""
        if said.tapped == "other":
            return self.say("pay.number.type_it")
        number = self.number_step().read(said)
        if number == self.number_step().own():
            return self.open(number)
        self.answers.number = self.desk.seal(number)
        self.answers.number_end = number[-3:]
        return "other_number"

    def ask_number(self) -> Reply:
        """Which number to charge; one tap for the sender's, where it can be charged."""
        own = self.number_step().own()
        variables = {"amount": self.amount(), "provider": self.provider().title}
        if own is None:
            return self.say("pay.number.ask_any", **variables)
        choices = (
            self.choice("sender", "button.this_number", end=own[-3:]),
            self.choice("other", "button.other_number"),
        )
        return self.say("pay.number.ask", *choices, **variables)

    def hear_consent(self, said: Said) -> str | Reply | None:
        """A yes to charging somebody else's number; or another number or amount, asked about
        again.
        """
        answer = said.tapped or read_yes_no(said.text)
        if answer in ("no", YesNo.NO):
            return BACK
        if answer not in ("yes", YesNo.YES):
            if self.number_step().names_one(said.text):
                return self.hear_number(said)
            amount = self.amount_step().named_in(said.text)
            if amount is not None:
                self.hear_amount(Said(said.text, amount.name))
                return self.ask()
            raise Misheard("pay.consent.not_understood", end=self.answers.number_end or "")
        unsealed = self.desk.unseal(self.answers.number or "")
        if not unsealed:
            self.note("pay.number.again")
            return BACK
        return self.open(unsealed)

    def ask_consent(self) -> Reply:
        """Somebody else's phone is about to ask for money: be sure."""
        return self.say(
            "pay.consent.ask",
            *self.yes_no(),
            amount=self.amount(),
            provider=self.provider().title,
            end=self.answers.number_end or "",
        )
