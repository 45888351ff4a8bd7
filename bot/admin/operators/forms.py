"""The forms of operators and their tours."""

from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import DataRequired, Length, NumberRange

from bot.admin.minted import ActForm
from domain.operators import LONGEST_CONTACT, LONGEST_NAME, LONGEST_TOUR_NAME, Company

_LARGEST_NUMBER = 2**31 - 1


class OperatorForm(ActForm):
    """An operator."""

    name = StringField(
        "Name",
        [
            DataRequired("Enter the company's name."),
            Length(max=LONGEST_NAME, message=f"A name has at most {LONGEST_NAME} characters."),
        ],
        render_kw={"autocomplete": "off"},
    )
    contact = StringField(
        "Contact",
        [Length(max=LONGEST_CONTACT, message=f"Write at most {LONGEST_CONTACT} characters.")],
        render_kw={"autocomplete": "off"},
    )

    def company(self) -> Company:
        """What was typed, without needless spaces."""
        return Company(_tidy(self.name.data), _tidy(self.contact.data or "") or None)


class TourForm(FlaskForm):
    """A tour with its number, which stands in shared references for ever."""

    number = IntegerField(
        "Number",
        [
            DataRequired("Enter a number."),
            NumberRange(1, _LARGEST_NUMBER, "Enter a number from 1 on."),
        ],
    )
    name = StringField(
        "Name",
        [
            DataRequired("Enter the name that customers see."),
            Length(max=LONGEST_TOUR_NAME, message=f"At most {LONGEST_TOUR_NAME} characters."),
        ],
        render_kw={"autocomplete": "off"},
    )

    def tidy_name(self) -> str:
        """The name without needless spaces."""
        return _tidy(self.name.data)


class TourNameForm(TourForm):
    """Another name for a tour that is there."""

    number = None


def _tidy(text: str) -> str:
    return " ".join(text.split())
