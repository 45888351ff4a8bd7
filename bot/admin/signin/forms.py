"""The forms of signing in, and of choosing a password."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from domain.staff import passwords
from domain.staff.passwords import Weak

_WEAK = {
    Weak.TOO_SHORT: f"Choose at least {passwords.SHORTEST} characters: some words in a row.",
    Weak.TOO_LONG: f"Choose at most {passwords.LONGEST} characters.",
    Weak.OWN_EMAIL: "Choose something else than your e-mail address.",
    Weak.COMMON: "Many people use this password, so it is tried first. Choose another one.",
}
_PRESENT = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}
_CODE = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}


class SignInForm(FlaskForm):
    """Who are you?"""

    email = EmailField(
        "E-mail",
        [InputRequired("Enter your e-mail address."), Length(max=254, message="This is too long.")],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw=_PRESENT
    )


class CodeForm(FlaskForm):
    """A code of an authenticator, or a recovery code."""

    code = StringField(
        "Code",
        [InputRequired("Enter a code."), Length(max=40, message="This is too long for a code.")],
        render_kw={**_CODE, "autofocus": True},
    )


class PasswordForm(FlaskForm):
    """Is it still you?"""

    password = PasswordField(
        "Password",
        [InputRequired("Enter your password.")],
        render_kw={**_PRESENT, "autofocus": True},
    )


class NewPasswordForm(FlaskForm):
    """A password, chosen. Typed twice, because nobody sees it."""

    password = PasswordField("New password", [InputRequired("Choose a password.")], render_kw=_NEW)
    again = PasswordField(
        "New password, once more", [InputRequired("Type it once more.")], render_kw=_NEW
    )

    def is_good_for(self, email: str) -> bool:
        """Whether the person of this address may choose it; writes beside the fields why not."""
        weak = passwords.weakness(self.password.data, email)
        if weak is not None:
            self.password.errors = [_WEAK[weak]]
        elif self.again.data != self.password.data:
            self.again.errors = ["This is not the same as above."]
        return weak is None and self.again.data == self.password.data


class ChangePasswordForm(NewPasswordForm):
    """Another password, by somebody who knows the one they have."""

    present = PasswordField(
        "Present password", [InputRequired("Enter your present password.")], render_kw=_PRESENT
    )
