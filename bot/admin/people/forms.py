"""The forms about people of staff."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField
from wtforms.validators import InputRequired

from domain.staff import people
from domain.staff.people import ADMIN, OPERATOR, Place

_ADMIN_CHOICE = "admin"


class PlaceForm(FlaskForm):
    """As what somebody works here: an admin, or the staff of one operator."""

    place = SelectField("Works as", [InputRequired("Choose what they work as.")])

    def offer(self, operators: Sequence[tuple[int, str]]) -> None:
        """Fill the list of choices."""
        self.place.choices = [
            ("", "Choose…"),
            (_ADMIN_CHOICE, "Admin: everything, of all operators"),
            *((str(operator_id), f"Staff of {name}") for operator_id, name in operators),
        ]

    def chosen(self) -> Place:
        """What was chosen, of a valid form."""
        if self.place.data == _ADMIN_CHOICE:
            return Place(ADMIN, None)
        return Place(OPERATOR, int(self.place.data))


class InviteForm(PlaceForm):
    """Who is invited."""

    email = EmailField(
        "E-mail", [InputRequired("Enter their e-mail address.")], render_kw={"autocomplete": "off"}
    )

    def address(self) -> str | None:
        """The address as it is kept; writes beside the field what is wrong with it."""
        address = people.read_email(self.email.data)
        if address is None:
            self.email.errors = ["Enter a whole address, such as rudo@example.com."]
        return address


class ButtonForm(FlaskForm):
    """One button."""
