"""The forms of departures, and the filters of their list as they stand in the address."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from bot.admin.departures.queries import Filters
from bot.admin.ids import read_filter
from domain.cancelling import LONGEST_REASON

_YEARS = range(2000, 2100)


class CancelForm(FlaskForm):
    """Why something is called off."""

    why = StringField(
        "Why",
        [
            InputRequired("Say why, in 1 to 300 characters."),
            Length(max=LONGEST_REASON, message="Write at most 300 characters."),
        ],
        render_kw={"autocomplete": "off", "maxlength": LONGEST_REASON},
    )


class MoveForm(CancelForm):
    """The day on which a departure is to leave. `was` is the day that the form was shown with."""

    to = DateField("New date", [InputRequired("Choose the new date, for example 2026-02-10.")])
    was = HiddenField()

    def was_on(self) -> date | None:
        """The day that whoever moves it saw."""
        return read_day(self.was.data or "")


def read_day(text: str) -> date | None:
    """A day of the calendar that a departure may have, or None."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def read_filters(values: Mapping[str, str], today: date) -> Filters:
    """What the address asks for; what cannot be read is as if it were not there. Without days the
    list begins today, or goes back from yesterday.
    """
    since, until = read_day(values.get("from", "")), read_day(values.get("to", ""))
    is_past = values.get("when") == "past"
    if is_past:
        until = until or today - timedelta(days=1)
    elif since is None and until is None:
        since = today
    return Filters(
        since=since,
        until=until,
        operator_id=read_filter(values.get("operator", "")),
        tour_id=read_filter(values.get("tour", "")),
        is_past=is_past,
    )
