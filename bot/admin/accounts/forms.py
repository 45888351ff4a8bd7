"""The forms of accounts. Those of settings and secrets are made from the provider's entry."""

from collections.abc import Mapping, Sequence

from wtforms import (
    BooleanField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional

from bot.admin.accounts.credentials import (
    LONGEST_VALUE,
    Typed,
    label,
    secret_names,
    setting_names,
)
from bot.admin.minted import ActForm
from providers.entry import ProviderEntry

_LONGEST_NAME = 120
_LONGEST_REASON = 1_000
_SETTING, _SECRET, _FORGET = "setting_", "secret_", "forget_"


class ReasonForm(ActForm):
    """What somebody proposes, and why."""

    reason = TextAreaField(
        "Why",
        [
            DataRequired("Say why, in 1 to 1,000 characters."),
            Length(max=_LONGEST_REASON, message="Write at most 1,000 characters."),
        ],
        render_kw={"rows": 3, "maxlength": _LONGEST_REASON},
    )


class TourForm(ReasonForm):
    """A tour whose money an account shall take."""

    tour = SelectField("Tour", coerce=int, validate_choice=True)


class CredentialsForm(ActForm):
    """What every form of settings and secrets can be asked."""

    def typed(self, entry: ProviderEntry, before: Mapping[str, str]) -> Typed:
        """What is to be changed of `before`, the settings of today. Secrets that were left empty
        stay as they are.
        """
        settings = {}
        for name in setting_names(entry):
            text = (self[f"{_SETTING}{name}"].data or "").strip()
            if text != before.get(name, ""):
                settings[name] = text
        secrets = {}
        for name in secret_names(entry):
            text = (self[f"{_SECRET}{name}"].data or "").strip()
            forget = f"{_FORGET}{name}"
            if text:
                secrets[name] = text
            elif forget in self and self[forget].data:
                secrets[name] = ""
        return Typed(settings, secrets)

    def show_settings(self, before: Mapping[str, str]) -> None:
        """Fill in what stands today. Secrets are never filled in."""
        for field in self:
            if field.name.startswith(_SETTING):
                field.data = before.get(field.name.removeprefix(_SETTING), "")


def new_account_form(entry: ProviderEntry) -> type[CredentialsForm]:
    """The form of a new account with this provider."""
    checks = [
        DataRequired("Give it a name that staff know it by."),
        Length(max=_LONGEST_NAME, message=f"A name has at most {_LONGEST_NAME} characters."),
    ]
    currencies = sorted(entry.currencies)
    fields: dict[str, object] = {
        "name": StringField("Name", checks, render_kw={"autocomplete": "off"}),
        "currency": SelectField("Currency", choices=currencies),
        **_credentials(entry, ()),
    }
    return type("NewAccountForm", (CredentialsForm,), fields)


def change_form(entry: ProviderEntry, kept: Sequence[str]) -> type[CredentialsForm]:
    """The form that changes settings and secrets; `kept` are the secrets that are set."""
    fields = {**_credentials(entry, kept), "reason": ReasonForm.reason}
    return type("ChangeForm", (CredentialsForm,), fields)


def _credentials(entry: ProviderEntry, kept: Sequence[str]) -> dict[str, object]:
    short = Length(max=LONGEST_VALUE, message=f"Write at most {LONGEST_VALUE} characters.")
    fields: dict[str, object] = {}
    for name in setting_names(entry):
        fields[f"{_SETTING}{name}"] = StringField(
            label(name), [Optional(), short], render_kw={"autocomplete": "off"}
        )
    for name in secret_names(entry):
        fields[f"{_SECRET}{name}"] = PasswordField(
            label(name), [Optional(), short], render_kw={"autocomplete": "new-password"}
        )
        if name in kept:
            fields[f"{_FORGET}{name}"] = BooleanField(f"Take away: {label(name).lower()}")
    return fields
