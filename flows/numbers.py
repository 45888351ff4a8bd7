"""The number to charge that a customer means, held against what the provider can charge."""

import re
from dataclasses import dataclass

from flows.answers import (
    BadNumber,
    PayerNumber,
    SenderNumber,
    example_number,
    read_payer_number,
)
from flows.desk import Sender, WayView
from flows.flow import Misheard
from flows.turns import Said

# Digits as people group them: long enough for a number, and nothing that could be its end or
# beginning beside it.
_DIGITS = re.compile(r"\+?\d[\d ()-]{6,18}\d")
_BARE_DIGITS = re.compile(r"[\d +()-]+")


@dataclass(frozen=True, slots=True)
class NumberStep:
    """What the reading of a number needs to know: who writes, and how they pay."""

    sender: Sender
    way: WayView

    def own(self) -> str | None:
        """The sender's own number, where there is one and the provider can charge it."""
        reading = self._reading(self.sender.phone) if self.sender.phone else None
        return reading.digits if isinstance(reading, PayerNumber) else None

    def read(self, said: Said) -> str:
        """The number, international digits. Raises Misheard with what to say instead."""
        reading = SenderNumber() if said.tapped == "sender" else self._reading(said.text)
        match reading:
            case PayerNumber(digits=digits):
                return digits
            case SenderNumber():
                own = self.own()
                if own is None:
                    raise Misheard("pay.number.none_known", example=self.example())
                return own
            case BadNumber():
                raise Misheard("pay.number.bad", provider=self.way.title, example=self.example())
        raise Misheard("pay.number.not_understood", example=self.example())

    def example(self) -> str:
        """A number as people of the way's region write it."""
        return example_number(self._region())

    def names_one(self, text: str) -> bool:
        """Whether this text says which number."""
        return isinstance(self._reading(text), PayerNumber | SenderNumber)

    def mistypes_one(self, text: str) -> bool:
        """Whether this is nothing but digits, as many as a number has or nearly, and not one that
        can be charged.
        """
        bare = _BARE_DIGITS.fullmatch(text.strip()) is not None
        return bare and isinstance(self._reading(text), BadNumber)

    def named_in(self, text: str) -> str | None:
        """The one number in a wish such as "wrong number, send it to 0771 234 567"."""
        places = _DIGITS.findall(text)
        return places[0] if len(places) == 1 and self.names_one(places[0]) else None

    def _reading(self, text: str) -> object:
        return read_payer_number(text, self._region())

    def _region(self) -> str:
        return self.way.payer_region or ""
