"""The forms of one's own authenticator."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

_CODE = {"autocomplete": "one-time-code", "spellcheck": "false"}
_RULES = [InputRequired("Enter a code."), Length(max=40, message="This is too long for a code.")]


class SetUpForm(FlaskForm):
    """A code of the authenticator that is offered."""

    offer = HiddenField()
    code = StringField("Code of the new authenticator", _RULES, render_kw=_CODE)


class ReplaceForm(SetUpForm):
    """And one of the authenticator that there is."""

    present = StringField("Code of your present authenticator", _RULES, render_kw=_CODE)


class RemoveForm(FlaskForm):
    """A code of the authenticator that shall go."""

    code = StringField("Code", _RULES, render_kw=_CODE)
