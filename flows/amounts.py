"""The amount that a customer means, held against what their booking may take."""

from dataclasses import dataclass
from datetime import datetime

from domain.money import Money
from flows import facts
from flows.answers import (
    BadAmount,
    Deposit,
    DoubtfulAmount,
    Exactly,
    Fraction,
    OtherCurrency,
    WholeBalance,
    read_amount,
)
from flows.desk import BookingView
from flows.flow import Misheard
from flows.phrases import Words
from flows.turns import LONGEST_TITLE, Choice, Reply, Said

TAPPED_AMOUNT = "amount:"


@dataclass(frozen=True, slots=True)
class AmountStep:
    """What the reading of an amount needs to know: the booking as it stands now, the words and the
    time.
    """

    booking: BookingView
    words: Words
    now: datetime

    def read(self, said: Said) -> Money:
        """The amount, allowed by the booking. Raises Misheard with what to say instead."""
        amount = self._tapped(said) or self._typed(said.text)
        self._check(amount)
        return amount

    def prompt(self) -> Reply:
        """What the booking is, what it owes, and one tap to pay that."""
        booking = self.booking
        choices = [self.choice(booking.free)]
        deposit = booking.deposit_due
        if deposit is not None and deposit.amount_minor < booking.free.amount_minor:
            choices.append(self.choice(deposit, "button.deposit"))
        summary = self.words.render(
            "pay.amount.booking",
            {
                "trip": facts.trip(self.words, booking),
                "booking": booking.reference,
                "operator": booking.operator,
                "owed": facts.owed(self.words, booking),
            },
        )
        key = "pay.amount.ask"
        variables: dict[str, object] = {"summary": summary}
        if booking.free != booking.balance:
            later = facts.when(self.words, self.now, booking.held_until)
            key = "pay.amount.ask_held"
            variables |= {"free": booking.free, "when": later}
        return Reply(key, self.words.render(key, variables), tuple(choices))

    def choice(self, amount: Money, key: str = "button.amount") -> Choice:
        """A button that pays exactly this amount, whatever has become of the balance meanwhile."""
        title = self.words.render(key, {"amount": amount})
        shown = title if len(title) <= LONGEST_TITLE else str(amount)
        return Choice(f"{TAPPED_AMOUNT}{amount.amount_minor}", shown[:LONGEST_TITLE])

    def understands(self, text: str) -> bool:
        """Whether this is an amount beyond doubt."""
        reading = read_amount(text, self.booking.balance.currency)
        return isinstance(reading, Exactly | WholeBalance)

    def named_in(self, text: str) -> Choice | None:
        """The one amount in a wish such as "change it to 150": what a tap on it would say."""
        match read_amount(text, self.booking.balance.currency):
            case Exactly(money=money) | DoubtfulAmount(candidates=(money,)):
                return self.choice(money)
        return None

    def _tapped(self, said: Said) -> Money | None:
        if said.tapped is None or not said.tapped.startswith(TAPPED_AMOUNT):
            return None
        minor = said.tapped.removeprefix(TAPPED_AMOUNT)
        if not (minor.isascii() and minor.isdecimal()):
            return None
        return Money(int(minor), self.booking.balance.currency)

    def _typed(self, text: str) -> Money:
        booking = self.booking
        match read_amount(text, booking.balance.currency):
            case Exactly(money=money):
                return money
            case WholeBalance():
                return booking.balance
            case Deposit() if booking.deposit_due is not None:
                return booking.deposit_due
            case Deposit():
                raise self._misheard("pay.amount.no_deposit")
            case Fraction():
                raise self._which_half()
            case OtherCurrency(code=code):
                raise Misheard(
                    "pay.amount.other_currency", other=code, currency=booking.balance.currency
                )
            case DoubtfulAmount(candidates=candidates):
                raise self._which_of(candidates)
            case BadAmount(why=why):
                raise self._misheard(f"pay.amount.bad_{why.value}")
        raise self._misheard("pay.amount.not_understood")

    def _misheard(self, key: str) -> Misheard:
        return Misheard(key, minimum=self.booking.minimum, free=self.booking.free)

    def _which_half(self) -> Misheard:
        """Half of the balance, or half of the price: two buttons."""
        halves = (self._half(self.booking.balance), self._half(self.booking.total))
        fitting = sorted({half for half in halves if half.amount_minor <= self._most()})
        return Misheard(
            "pay.amount.half",
            offer=tuple(self.choice(half) for half in fitting),
            of_balance=halves[0],
            of_total=halves[1],
        )

    def _which_of(self, candidates: tuple[Money, ...]) -> Misheard:
        fitting = [money for money in candidates if 0 < money.amount_minor <= self._most()]
        offer = tuple(self.choice(money) for money in fitting[:3])
        return Misheard("pay.amount.doubtful", offer=offer)

    def _half(self, money: Money) -> Money:
        return Money(money.amount_minor // 2, money.currency)

    def _most(self) -> int:
        return self.booking.free.amount_minor

    def _check(self, amount: Money) -> None:
        booking = self.booking
        if amount.amount_minor > booking.balance.amount_minor:
            raise self._misheard("pay.amount.above_balance")
        if amount.amount_minor > self._most():
            later = facts.when(self.words, self.now, booking.held_until)
            raise Misheard("pay.amount.held", free=booking.free, when=later)
        if amount.amount_minor < booking.minimum.amount_minor:
            raise self._misheard("pay.amount.below_minimum")
