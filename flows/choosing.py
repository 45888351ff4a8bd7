"""The half of paying that comes first: which booking."""

from flows import facts
from flows.answers import (
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
from flows.flow import Misheard
from flows.turns import TAPPED_REFERENCE, Choice, Reply, Said

LONGEST_SURNAME = 60
MOST_SHOWN_BOOKINGS = 3


class Choosing(Charging):
    """The steps `reference`, `surname` and `which`."""

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
        if booking.cancelled:
            self.note("pay.refused.cancelled", booking=booking.reference)
        elif booking.balance.amount_minor <= 0:
            self.note("pay.refused.already_paid", booking=booking.reference)
        elif booking.free.amount_minor <= 0:
            later = facts.when(self.words, self.desk.now, booking.held_until)
            self.note("pay.refused.held", when=later)
        elif not self.desk.ways(booking):
            self.note_no_way(booking)
        else:
            self.answers.booking = booking.reference
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
        return tuple(
            Choice(f"{TAPPED_REFERENCE}{booking.reference}", booking.reference[:20])
            for booking in bookings
        )
