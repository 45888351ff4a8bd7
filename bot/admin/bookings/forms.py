"""The forms of bookings. What is typed is read by the grammars of an import."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    DateField,
    Field,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from bot.admin.bookings.queries import STATUSES, Filters
from bot.admin.bookings.words import CAUSES
from bot.admin.ids import read_filter
from bot.admin.minted import ActForm
from bot.admin.payment.forms import AmountForm
from bot.references import can_be_typed
from domain.importing import BookingRow
from domain.importing.cells import (
    BadCell,
    clean,
    read_amount,
    read_date,
    read_email,
    read_phone,
    read_reference,
    read_text,
)
from domain.money import CURRENCY_EXPONENTS, Money
from domain.outside import LONGEST_EVIDENCE, Method
from domain.proposals.deciding import LONGEST_EVIDENCE as LONGEST_WISH
from domain.references import reference_key

Value = TypeVar("Value")

_METHODS = {Method.CASH: "Cash", Method.BANK: "Bank transfer", Method.CARD: "Card machine"}
_LONGEST_QUERY = 100
# What a file calls its columns, beside what a form calls its fields.
FIELDS_OF_COLUMNS: Mapping[str, str] = {
    "reference": "reference",
    "tour_id": "tour",
    "tour_name": "tour",
    "start_date": "start_date",
    "customer_name": "name",
    "customer_phone": "phone",
    "email": "email",
    "total": "total",
    "currency": "currency",
    "deposit": "deposit",
    "balance_due_on": "balance_due_on",
    "operator": "operator",
}


def choices(none: str, some: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """What a field offers, each as its value and its words, after `none` for nothing."""
    return [SelectChoice("", none), *(SelectChoice(value, words) for value, words in some)]


def _line(label: str, *checks: Any, **look: Any) -> StringField:
    return StringField(label, list(checks), render_kw={"autocomplete": "off", **look})


class OutsideForm(AmountForm):
    """Money that was taken at the desk."""

    method = SelectField(
        "How it was paid",
        [InputRequired("Choose how it was paid.")],
        choices=choices("Choose", ((method.value, words) for method, words in _METHODS.items())),
    )
    evidence = _line(
        "Where it can be looked up",
        InputRequired("Write down where it can be looked up, such as the number of the receipt."),
        Length(max=LONGEST_EVIDENCE, message=f"Write at most {LONGEST_EVIDENCE} characters."),
    )


class TakeBackForm(AmountForm):
    """Money that was recorded as taken at the desk, and is taken back."""

    cause = SelectField(
        "Why",
        [InputRequired("Choose why it is taken back.")],
        choices=choices("Choose", ((cause.value, each.title) for cause, each in CAUSES.items())),
    )
    evidence = TextAreaField(
        "Evidence",
        [
            InputRequired("Write down what shows it."),
            Length(max=LONGEST_WISH, message=f"Write at most {LONGEST_WISH:,} characters."),
        ],
        render_kw={"rows": 3, "maxlength": LONGEST_WISH},
    )


class DetailsForm(ActForm):
    """What a booking says of its customer and of what is owed."""

    name = _line("Name of the lead traveller", InputRequired("Enter the name."))
    phone = _line("Phone", inputmode="tel")
    email = _line("E-mail", Optional(), inputmode="email")
    total = _line("Total", InputRequired("Enter an amount, such as 1,250.00."), inputmode="decimal")
    deposit = _line("Deposit", Optional(), inputmode="decimal")
    balance_due_on = DateField("Balance due on", [Optional()])


class CorrectForm(DetailsForm):
    """How a booking should read. `seen` says how it read when the form was shown."""

    seen = HiddenField()
    evidence = TextAreaField(
        "What shows it",
        [Optional(), Length(max=1000, message="Write at most 1,000 characters.")],
        render_kw={"rows": 2, "maxlength": 1000},
    )


class AddForm(DetailsForm):
    """A booking that is new."""

    reference = _line("Booking reference", InputRequired("Enter the reference."))
    tour = SelectField("Tour", [Optional()], validate_choice=True)
    start_date = DateField("Leaves on", [Optional()])
    currency = SelectField(
        "Currency",
        [InputRequired("Choose the currency.")],
        choices=[SelectChoice(code) for code in CURRENCY_EXPONENTS],
    )
    operator = SelectField("Operator", [Optional()], validate_choice=True)


class UploadForm(FlaskForm):
    """A file of bookings."""

    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])


@dataclass(frozen=True, slots=True)
class Details:
    """What the fields of a `DetailsForm` say."""

    name: str
    phone: str | None
    email: str | None
    total: Money
    deposit: Money | None


def read_details(form: DetailsForm, currency: str) -> Details | None:
    """The fields, or None and words beside those that cannot be read. An empty phone is None."""
    name = read(form.name, lambda text: read_text(text, 200))
    phone = read(form.phone, lambda text: read_phone(text, currency))
    email = read(form.email, read_email)
    total = read(form.total, lambda text: read_amount(text, currency))
    deposit = read(form.deposit, lambda text: read_amount(text, currency))
    if total is not None and not total.amount_minor:
        say(form.total, "It must be more than zero.")
    if total is not None and deposit is not None and deposit > total:
        say(form.deposit, "The deposit cannot be more than the total.")
    if any(each.errors for each in form) or name is None or total is None:
        return None
    return Details(name, phone, email, total, deposit if deposit and deposit.amount_minor else None)


def read_row(form: AddForm, tour: tuple[int, str] | None, operator: str) -> BookingRow | None:
    """The new booking as a row of an import, or None and words beside what cannot be read. `tour`
    is its number and name.
    """
    details = read_details(form, form.currency.data)
    reference = read(form.reference, read_reference)
    if form.start_date.data is not None:
        read(form.start_date, read_date, form.start_date.data.isoformat())
    if details is not None and details.phone is None:
        say(form.phone, "Enter the phone number with its country code, like +263771234567.")
    if tour is None and form.start_date.data is not None:
        say(form.tour, "Choose the tour that leaves on that day.")
    if details is None or details.phone is None or reference is None or _has_errors(form):
        return None
    return BookingRow(
        line=0,
        reference=reference,
        key=reference_key(reference),
        operator=operator,
        tour_id=tour[0] if tour else None,
        tour_name=tour[1] if tour else None,
        start_date=form.start_date.data,
        name=details.name,
        phone=details.phone,
        total=details.total,
        opening=None,
        email=details.email,
        deposit=details.deposit,
        balance_due_on=form.balance_due_on.data,
        can_be_typed=can_be_typed(reference),
    )


def read(field: Field, reader: Callable[[str], Value], typed: str | None = None) -> Value | None:
    """A field as `reader` reads it; None where it is empty, and where it is bad: then with words
    beside it.
    """
    try:
        text = clean((field.data or "") if typed is None else typed)
        return reader(text) if text else None
    except BadCell as error:
        say(field, f"It {error}.")
        return None


def say(field: Field, words: str) -> None:
    """Write words beside a field."""
    field.errors = [*field.errors, words]


def read_filters(values: Mapping[str, str]) -> Filters:
    """What the address asks for; what cannot be read is as if it were not there."""
    status = values.get("status")
    return Filters(
        status=status if status in STATUSES else None,
        operator_id=read_filter(values.get("operator", "")),
        tour_id=read_filter(values.get("tour", "")),
        query=values.get("q", "").replace("\0", "").strip()[:_LONGEST_QUERY],
    )


def chosen(number: str | None, among: Sequence[tuple[int, str, int, str]]) -> Any:
    """The tour of this number: (number, name, operator's id, operator); None for none."""
    return next((tour for tour in among if str(tour[0]) == number), None)


def _has_errors(form: FlaskForm) -> bool:
    return any(each.errors for each in form)
