"""The grammars of single cells: each reads exactly what it says, or raises BadCell and says why.

A reason never repeats what stands in the cell: it may be a phone number in the wrong column.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal

import phonenumbers

from domain.money import CURRENCY_EXPONENTS, Money
from domain.references import parse_shared_reference, reference_key

LARGEST_AMOUNT_MINOR = 10**12

# Grouped in threes by commas or not at all; then a point and digits, if any. ASCII digits only.
_AMOUNT = re.compile(r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,5}|[0-9]{1,18})(?:\.([0-9]+))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TOUR_NUMBER = re.compile(r"0{0,3}([1-9][0-9]{0,8})")
_PHONE = re.compile(r"\+?[0-9()./ \-]{5,30}")
_ROUNDED_PHONE = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_YEARS = range(2000, 2100)

# Whose national numbers a booking in this currency may carry.
_REGION_OF_CURRENCY = {"USD": "ZW", "ZWG": "ZW", "KZT": "KZ", "INR": "IN"}
# Networks of Zimbabwe open ranges before the library knows them: any mobile number there is 7 and
# eight digits.
_ZIMBABWE = 263
_ZIMBABWE_MOBILE = re.compile(r"7[0-9]{8}")
# Indic scripts and emoji need these two; other invisible characters only come along by copying.
_JOINERS = "\u200c\u200d"


class BadCell(ValueError):
    """A cell that cannot be read; the message says why, in plain words."""


def clean(cell: str) -> str:
    """The cell without what nobody sees: space around it, marks of direction, byte order marks.

    Raises BadCell for control characters: line breaks, tabs, NUL.
    """
    visible = "".join(
        character
        for character in cell.strip()
        if unicodedata.category(character) != "Cf" or character in _JOINERS
    ).strip()
    if any(unicodedata.category(character) == "Cc" for character in visible):
        raise BadCell("holds a line break, a tab or another control character")
    return unicodedata.normalize("NFC", visible)


def read_text(cell: str, longest: int) -> str:
    """Any text, as it stands; formulas of spreadsheets are text like any other."""
    if len(cell) > longest:
        raise BadCell(f"is longer than {longest} characters")
    return cell


def read_reference(cell: str) -> str:
    """A booking's own reference: at most 40 characters, and not in the form of a shared one."""
    text = read_text(cell, 40)
    key = reference_key(text)
    if not key:
        raise BadCell("has no letter or digit")
    if len(key) > 40:
        raise BadCell("is longer than 40 characters")
    if parse_shared_reference(text) is not None:
        raise BadCell("has the form of a departure's shared reference (BK-T005-20260210)")
    return text


def read_tour_number(cell: str) -> int:
    """A tour's number: 1 to 999999999; zeros in front do not matter."""
    match = _TOUR_NUMBER.fullmatch(cell)
    if match is None:
        raise BadCell("must be a whole number from 1 to 999999999")
    return int(match[1])


def read_date(cell: str) -> date:
    """A calendar date in ISO form: others differ in the order of day and month."""
    if _DATE.fullmatch(cell) is None:
        raise BadCell("must be a date like 2026-02-10 (year-month-day)")
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise BadCell("is not a day of the calendar") from None
    if day.year not in _YEARS:
        raise BadCell(f"must be between {_YEARS[0]} and {_YEARS[-1]}")
    return day


def read_currency(cell: str) -> str:
    """One of the currencies that we know, in any case."""
    code = cell.upper()
    if code not in CURRENCY_EXPONENTS:
        raise BadCell(f"must be one of {', '.join(CURRENCY_EXPONENTS)}")
    return code


def read_amount(cell: str, currency: str) -> Money:
    """`1,250.00`, `1250`, `95.5`: a point before decimals, commas between thousands or none."""
    match = _AMOUNT.fullmatch(cell)
    if match is None:
        raise BadCell("must be an amount like 1,250.00 or 500, without sign or currency")
    digits = CURRENCY_EXPONENTS[currency]
    if len(match[1] or "") > digits:
        raise BadCell(f"has more than {digits} digits after the point")
    amount = Money.from_decimal(Decimal(cell.replace(",", "")), currency)
    if amount.amount_minor > LARGEST_AMOUNT_MINOR:
        raise BadCell("is too large")
    return amount


def read_phone(cell: str, currency: str) -> str:
    """A phone number as international digits without plus: `+263 77 123 4567` → `263771234567`.

    Without a country code it is read as a national number of the currency's country.
    """
    # Spreadsheets are told by an apostrophe that a number is text.
    text = unicodedata.normalize("NFKC", cell.removeprefix("'")).replace("\u2010", "-")
    if _ROUNDED_PHONE.fullmatch(text):
        raise BadCell("was rounded by a spreadsheet: format the column as text and export again")
    if _PHONE.fullmatch(text) is None:
        raise BadCell("is not one phone number with its country code, like +263771234567")
    region = _REGION_OF_CURRENCY[currency]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise BadCell("is not a phone number") from None
    if not _is_valid(number):
        raise BadCell(
            f"is not a phone number that exists; outside {region} it needs + and its country code"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def _is_valid(number: phonenumbers.PhoneNumber) -> bool:
    if phonenumbers.is_valid_number(number):
        return True
    return (
        number.country_code == _ZIMBABWE
        and _ZIMBABWE_MOBILE.fullmatch(str(number.national_number)) is not None
    )


def read_email(cell: str) -> str:
    """An e-mail address, as it stands."""
    text = read_text(cell, 254)
    if _EMAIL.fullmatch(text) is None:
        raise BadCell("is not an e-mail address")
    return text
