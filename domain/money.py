"""Money: whole minor units beside a currency, never a float."""

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_decimal

# Digits after the point (ISO 4217). A currency that is not here is refused everywhere.
CURRENCY_EXPONENTS = {"USD": 2, "ZWG": 2, "KZT": 2, "INR": 2}


class MoneyError(ValueError):
    """An amount or a currency that cannot be money here; the message says why, in plain words."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, tiyn, paise) of one currency (ISO 4217, upper case)."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCY_EXPONENTS:
            raise MoneyError(
                f"currency {self.currency!r} is not one of {', '.join(CURRENCY_EXPONENTS)}"
            )

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> "Money":
        """Exact conversion from major units. Raises MoneyError for more digits than the currency
        has.
        """
        if currency not in CURRENCY_EXPONENTS:
            raise MoneyError(f"currency {currency!r} is not one of {', '.join(CURRENCY_EXPONENTS)}")
        if not amount.is_finite():
            raise MoneyError("the amount is not a number")
        minor = amount.scaleb(CURRENCY_EXPONENTS[currency])
        if minor != minor.to_integral_value():
            raise MoneyError(
                f"{currency} has {CURRENCY_EXPONENTS[currency]} digits after the point"
            )
        return cls(int(minor), currency)

    def to_decimal(self) -> Decimal:
        """Major units with exactly the currency's digits: Decimal("3.50")."""
        return Decimal(self.amount_minor).scaleb(-CURRENCY_EXPONENTS[self.currency])

    def __str__(self) -> str:
        """`USD 1,250.00`, as messages and lists show it."""
        pattern = "#,##0." + "0" * CURRENCY_EXPONENTS[self.currency]
        return f"{self.currency} {format_decimal(self.to_decimal(), format=pattern, locale='en')}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not add up")
        return other.amount_minor
