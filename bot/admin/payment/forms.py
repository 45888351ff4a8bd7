"""The forms of acts on a payment."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from bot.admin.minted import ActForm
from domain.importing.cells import BadCell, clean, read_amount
from domain.money import Money

_LONGEST_EVIDENCE = 1_000
_LONGEST_REASON = 300
_LONGEST_RECEIPT = 120


def _checks(longest: int, missing: str) -> list[InputRequired | Length]:
    too_long = f"Write at most {longest:,} characters."
    return [InputRequired(missing), Length(max=longest, message=too_long)]


def _text(label: str, longest: int, missing: str) -> TextAreaField:
    checks = _checks(longest, missing)
    return TextAreaField(label, checks, render_kw={"rows": 3, "maxlength": longest})


def _line(label: str, longest: int, missing: str) -> StringField:
    checks = _checks(longest, missing)
    return StringField(label, checks, render_kw={"autocomplete": "off", "maxlength": longest})


class AmountForm(ActForm):
    """An act on an amount, in the currency that the page names."""

    amount = StringField(
        "Amount",
        [InputRequired("Enter an amount, such as 50.00.")],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )

    def money(self, currency: str) -> Money | None:
        """What was typed. None, and words beside the field, where it is no amount."""
        return amount_of(self.amount, currency)


class RefundForm(AmountForm):
    """Money goes back by the provider."""

    reason = _text("Reason", _LONGEST_REASON, "Say why, in 1 to 300 characters.")


class OutsideForm(AmountForm):
    """Money went back past the provider."""

    # A refund's own evidence is shorter than a proposal's.
    evidence = _text("Evidence", _LONGEST_REASON, "Write down how it went back.")


class StatementForm(AmountForm):
    """Money that the provider's statement shows."""

    receipt = _line(
        "The provider's id of the money",
        _LONGEST_RECEIPT,
        "Enter the provider's own id, as it stands on the statement.",
    )
    evidence = _text("Evidence", _LONGEST_EVIDENCE, "Write down which statement shows it.")


class EvidenceForm(ActForm):
    """Something that two people found out."""

    evidence = _text("Evidence", _LONGEST_EVIDENCE, "Write down what shows it.")


class FindingForm(EvidenceForm):
    """What became of a refund."""

    finding = SelectField(
        "What became of it",
        [InputRequired("Choose what became of it.")],
        choices=[
            SelectChoice("", "Choose"),
            SelectChoice("given_back", "The money went back to the customer"),
            SelectChoice("not_given_back", "No money went back"),
        ],
    )


class MoveForm(AmountForm):
    """Money for another booking, which was found by its reference. `source` is the id of the one
    that the page showed it to leave: the money may be elsewhere when the form is sent.
    """

    source = HiddenField(name="from", id="leaves")
    evidence = _text("Evidence", _LONGEST_EVIDENCE, "Write down why it belongs there.")


class SeenForm(ActForm):
    """Nothing is left to do."""

    note = _text("What you found", _LONGEST_REASON, "Say what you found, in 1 to 300 characters.")


class WhyForm(FlaskForm):
    """A no, with its reason."""

    why = _text("Why not", _LONGEST_REASON, "Say why, in 1 to 300 characters.")


def amount_of(field: Field, currency: str) -> Money | None:
    """The amount in a field, or None and words beside it."""
    try:
        amount = read_amount(clean(field.data or ""), currency)
    except BadCell:
        _say(field, f"Enter an amount in {currency}, such as 1,250.00, without the currency.")
        return None
    if amount.amount_minor <= 0:
        _say(field, "Enter an amount above zero.")
        return None
    return amount


def _say(field: Any, words: str) -> None:
    field.errors = [*field.errors, words]
