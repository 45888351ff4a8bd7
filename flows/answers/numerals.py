"""Numbers as people write them: `1,250.00`, `1 250,00`, `1,00,000`; which have two readings, and
which have none.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# No sum of money needs more digits before the point; counting them first keeps arithmetic exact.
_MOST_DIGITS = 15

_WHOLE = re.compile(r"\d+")
_DECIMALS = re.compile(r"(\d*)[.,](\d{1,2})")
_THOUSANDS = re.compile(r"\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,}|(?:['\u00a0 ]\d{3})+)")
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_GROUPS_AND_DECIMALS = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})\.(\d{1,2})"
    r"|(\d{1,3}(?:\.\d{3})+),(\d{1,2})"
    r"|(\d{1,3}(?:[' ]\d{3})+)[.,](\d{1,2})"
)
_THREE_AFTER = re.compile(r"(\d{1,3})([.,])(\d{3})")
_TOO_PRECISE = re.compile(r"\d*[.,]\d{3,}|\d[\d,' ]*\.\d{3,}")
_UNDERSCORED = re.compile(r"\d+(?:_\d+)+")
_SEPARATORS = re.compile(r"[^\d]+")


class Fault(StrEnum):
    """Why a numeral is no amount: more digits after the point than any currency here has, or too
    many before it.
    """

    TOO_PRECISE = "too_precise"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Numeral:
    """What a numeral can mean.

    One value and `sure`, or values to be asked about, or a fault and no value.
    """

    values: tuple[Decimal, ...]
    sure: bool
    fault: Fault | None = None


def read_numeral(literal: str) -> Numeral:
    """Read digits with separators between them (`1,250.00`). Anything else has no values."""
    if len(_SEPARATORS.sub("", literal).lstrip("0")) > _MOST_DIGITS:
        return Numeral((), False, Fault.TOO_LARGE)
    if _WHOLE.fullmatch(literal):
        padded = len(literal) > 1 and literal.startswith("0") and literal.strip("0") != ""
        return Numeral((Decimal(literal),), not padded)
    if match := _DECIMALS.fullmatch(literal):
        return _exact(match[1] or "0", match[2])
    if match := _GROUPS_AND_DECIMALS.fullmatch(literal):
        whole, part = [group for group in match.groups() if group is not None]
        return _exact(whole, part)
    if _LAKHS.fullmatch(literal):
        return _exact(literal, "")
    if _THOUSANDS.fullmatch(literal) and not literal.startswith("0"):
        return _spaced(literal) if " " in literal else _exact(literal, "")
    if match := _THREE_AFTER.fullmatch(literal):
        return _three_after(match[1], match[2], match[3])
    if _TOO_PRECISE.fullmatch(literal):
        return Numeral((), False, Fault.TOO_PRECISE)
    if _UNDERSCORED.fullmatch(literal):
        return Numeral((Decimal(literal.replace("_", "")),), False)
    return Numeral((), False)


def _exact(whole: str, part: str) -> Numeral:
    digits = _SEPARATORS.sub("", whole)
    return Numeral((Decimal(f"{digits}.{part or 0}"),), True)


def _spaced(literal: str) -> Numeral:
    """`1 000` and `12 500` are grouped; `100 200` may be two numbers."""
    groups = literal.split(" ")
    joined = Decimal("".join(groups))
    if len(groups[0]) < 3 or groups[-1] == "000":
        return Numeral((joined,), True)
    return Numeral((joined, *map(Decimal, groups)), False)


def _three_after(whole: str, separator: str, part: str) -> Numeral:
    """One separator and three digits: thousands or decimals. What only one currency-sized reading
    fits is still asked.

    After a point, digits that do not end in zero are decimals of something finer than money.
    """
    as_decimals = (Decimal(f"{whole}.{part}"),) if part.endswith("0") else ()
    if whole.startswith("0") or (separator == "." and not as_decimals):
        if whole.startswith("0") and as_decimals:
            return Numeral(as_decimals, False)
        return Numeral((), False, Fault.TOO_PRECISE)
    return Numeral((Decimal(whole + part), *as_decimals), False)
