"""What decides where money goes: each change on a page of its own, proposed here, decided by a
second person after the cooling-off.
"""

from uuid import UUID

from flask import Blueprint, abort, flash, render_template
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from bot.admin.accounts import queries
from bot.admin.accounts.credentials import (
    label,
    merged,
    missing,
    secret_names,
    secrets_of,
    setting_names,
    unfit,
)
from bot.admin.accounts.forms import CredentialsForm, ReasonForm, TourForm, change_form
from bot.admin.accounts.pages import own_account, to_account
from bot.admin.accounts.words import follows
from bot.admin.refusals import put_beside
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import scope, viewer
from domain import proposals
from domain.account_changes import Change, Kind, wish_of
from domain.database import repeat, transaction
from domain.models import Account
from domain.proposals import NotDone
from domain.sealing import Unreadable
from domain.staff.pairs import approvers
from providers.registry import PROVIDERS

blueprint = Blueprint("account_changes", __name__)

# What is proposed on a page, by its template.
_KINDS = {
    "default": Kind.DEFAULT,
    "on": Kind.ACTIVATE,
    "tour": Kind.CHOOSE_FOR_TOUR,
    "forget": Kind.FORGET_FOR_TOUR,
    "credentials": Kind.CREDENTIALS,
}


@blueprint.errorhandler(Unreadable)
def lost(_error: Unreadable) -> tuple[str, int]:
    """The secrets were sealed with a key that this deployment does not have."""
    words = "They were sealed with another SECRET_KEY. Whoever has the machine can say which."
    title = "The account's secrets cannot be opened"
    return render_template("error.html", title=title, words=words), 409


@blueprint.route("/accounts/<int:account_id>/default", methods=["GET", "POST"])
@needs(Right.MONEY)
def make_default(account_id: int) -> str | Response:
    """Let this account take its operator's money."""
    account, operator = own_account(account_id)
    with transaction() as db:
        today = queries.default_beside(db, scope(), account)
    form = ReasonForm()
    if form.validate_on_submit():
        change = _change(form.minted, account, Kind.DEFAULT, form)
        if _propose(form, change):
            return to_account(account_id)
    return _shown("default", form, account, operator, today=today)


@blueprint.route("/accounts/<int:account_id>/on", methods=["GET", "POST"])
@needs(Right.MONEY)
def on(account_id: int) -> str | Response:
    """Let an account that is off take new payments, once it is complete."""
    account, operator = own_account(account_id)
    credentials = account.settings | secrets_of(account)
    lacks = missing(account.provider, credentials)
    wrong = None if lacks else unfit(account.provider, credentials)
    form = ReasonForm()
    if form.validate_on_submit():
        if lacks:
            form.form_errors.append(f"It is not complete: {_listed(lacks)} is missing.")
        elif wrong is not None:
            form.form_errors.append(wrong)
        elif _propose(form, _change(form.minted, account, Kind.ACTIVATE, form)):
            return to_account(account_id)
    return _shown("on", form, account, operator, lacks=_listed(lacks))


@blueprint.route("/accounts/<int:account_id>/tours", methods=["GET", "POST"])
@needs(Right.MONEY)
def choose_for_tour(account_id: int) -> str | Response:
    """Let this account take the money of one tour."""
    account, operator = own_account(account_id)
    with transaction() as db:
        tours = queries.tours_to_choose(db, account)
    form = TourForm()
    form.tour.choices = [SelectChoice(number, f"{number} · {name}") for number, name in tours]
    if form.validate_on_submit():
        change = _change(form.minted, account, Kind.CHOOSE_FOR_TOUR, form, tour=form.tour.data)
        if _propose(form, change):
            return to_account(account_id)
    return _shown("tour", form, account, operator, tours=tours)


@blueprint.route("/accounts/<int:account_id>/tours/<int:tour_id>/forget", methods=["GET", "POST"])
@needs(Right.MONEY)
def forget_for_tour(account_id: int, tour_id: int) -> str | Response:
    """Let the operator's default take this tour's money again."""
    account, operator = own_account(account_id)
    with transaction() as db:
        names = dict(queries.tours_of(db, account))
        today = queries.default_beside(db, scope(), account)
    if tour_id not in names:
        abort(404)
    form = ReasonForm()
    if form.validate_on_submit():
        change = _change(form.minted, account, Kind.FORGET_FOR_TOUR, form, tour=tour_id)
        if _propose(form, change):
            return to_account(account_id)
    about = {"tour": tour_id, "tour_name": names[tour_id], "today": today}
    return _shown("forget", form, account, operator, **about)


@blueprint.route("/accounts/<int:account_id>/credentials", methods=["GET", "POST"])
@needs(Right.MONEY)
def credentials(account_id: int) -> str | Response:
    """Change settings and secrets. Secrets are typed anew, never shown."""
    account, operator = own_account(account_id)
    entry = PROVIDERS.get(account.provider)
    if entry is None:
        abort(404)
    kept = secrets_of(account)
    form = change_form(entry, tuple(kept))()
    if form.validate_on_submit():
        if _propose_credentials(form, account):
            return to_account(account_id)
    elif not form.is_submitted():
        form.show_settings(account.settings)
    about = {
        "setting_names": setting_names(entry),
        "secret_names": secret_names(entry),
        "kept": kept.keys(),
    }
    return _shown("credentials", form, account, operator, **about)


def _propose_credentials(form: CredentialsForm, account: Account) -> bool:
    typed = form.typed(PROVIDERS[account.provider], account.settings)
    after = merged(account, typed)
    lacks = missing(account.provider, after)
    if account.active and lacks:
        words = f"The account takes money, so it must stay complete: {_listed(lacks)} is missing."
        form.form_errors.append(words)
        return False
    wrong = None if lacks else unfit(account.provider, after)
    if wrong is not None:
        form.form_errors.append(wrong)
        return False
    change = Change(
        proposal_id=form.minted,
        account_id=account.id,
        kind=Kind.CREDENTIALS,
        reason=form["reason"].data,
        staff_id=viewer().id,
        settings=typed.settings,
        secrets=typed.secrets,
    )
    return _propose(form, change)


def _change(
    minted: UUID, account: Account, kind: Kind, form: ReasonForm, tour: int | None = None
) -> Change:
    return Change(minted, account.id, kind, form.reason.data, viewer().id, tour)


def _propose(form: FlaskForm, change: Change) -> bool:
    """Whether it waits for a second person now; else words stand in the form."""
    started = runtime()
    hours, sealer = started.settings.account_cooling_hours, started.accounts.sealer
    answer = repeat(lambda db: proposals.propose(db, wish_of(db, change, hours, sealer)))
    if isinstance(answer, NotDone):
        put_beside(form, answer)
        return False
    flash("Proposed. A second person decides, and everybody who may was told.", "success")
    return True


def _shown(template: str, form: FlaskForm, account: Account, operator: str, **about: object) -> str:
    change = {"kind": _KINDS[template], "tour": about.get("tour")}
    with transaction() as db:
        people = approvers(db, viewer().id, account.operator_id)
    return render_template(
        f"accounts/{template}.html",
        form=form,
        account=account,
        operator=operator,
        approvers=len(people),
        hours=runtime().settings.account_cooling_hours,
        label=label,
        follows=follows(account, operator, change),
        **about,
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(label(name).lower() for name in names)
