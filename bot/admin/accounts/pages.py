"""Operators' merchant accounts: which of them takes whose money. What stops money is done at once;
what decides where it goes is proposed (proposing.py).
"""

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from bot.admin.accounts import queries
from bot.admin.accounts.credentials import (
    label,
    missing,
    secret_names,
    secrets_of,
    setting_names,
    unfit,
)
from bot.admin.accounts.forms import CredentialsForm, new_account_form
from bot.admin.accounts.words import what
from bot.admin.minted import ActForm
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import scope, viewer
from domain import accounts
from domain.database import repeat, transaction
from domain.models import Account
from domain.sealing import Unreadable
from providers.registry import PROVIDERS

blueprint = Blueprint("accounts", __name__)


def own_account(account_id: int) -> tuple[Account, str]:
    """An account and its operator's name. For whom it is none of their business it is not there."""
    with transaction() as db:
        found = queries.one(db, scope(), account_id)
    return abort(404) if found is None else found


def to_account(account_id: int) -> Response:
    """Back to the account, after an act."""
    return redirect(url_for("accounts.show", account_id=account_id), 303)


@blueprint.get("/accounts")
@needs(Right.SEE)
def index() -> str:
    """All accounts, by operator."""
    with transaction() as db:
        page = queries.lines(
            db, scope(), request.args.get("operator", type=int), request.args.get("before")
        )
    return render_template("accounts/index.html", page=page)


@blueprint.get("/accounts/<int:account_id>")
@needs(Right.SEE)
def show(account_id: int) -> str:
    """One account: what it is used for, its settings, which of its secrets are set."""
    account, operator = own_account(account_id)
    with transaction() as db:
        tours, waiting = queries.tours_of(db, account), queries.waiting(db, account)
        moments, history = queries.secret_moments(db, account), queries.history(db, account)
    entry = PROVIDERS.get(account.provider)
    is_readable = True
    try:
        kept = secrets_of(account)
    except Unreadable:
        kept, is_readable = {}, False
    return render_template(
        "accounts/show.html",
        account=account,
        operator=operator,
        tours=tours,
        waiting=waiting,
        history=history,
        settings=[(label(name), account.settings.get(name)) for name in _settings(account)],
        secrets=[
            (label(name), name in kept, moments.get(name, account.created_at))
            for name in (secret_names(entry) if entry else sorted(kept))
        ],
        missing=[label(name) for name in missing(account.provider, account.settings | kept)],
        is_readable=is_readable,
        entry=entry,
        what=what,
    )


def _settings(account: Account) -> tuple[str, ...]:
    entry = PROVIDERS.get(account.provider)
    return setting_names(entry) if entry else tuple(sorted(account.settings))


@blueprint.route("/accounts/new", methods=["GET", "POST"])
@needs(Right.MONEY)
def new() -> str | Response:
    """Choose operator and provider, then describe the account."""
    with transaction() as db:
        operators = dict(queries.operators(db, scope()))
    # What was chosen stands in the address, and a form is sent to the same one.
    operator_id = request.args.get("operator", type=int) or _only(operators)
    entry = PROVIDERS.get(request.args.get("provider", ""))
    if operator_id is not None and operator_id not in operators:
        abort(404)
    if entry is None or operator_id is None:
        return render_template(
            "accounts/choose.html", operators=operators, chosen=operator_id, entries=PROVIDERS
        )
    form = new_account_form(entry)()
    if form.validate_on_submit():
        added = _add(form, operator_id, entry.name)
        if added is not None:
            return to_account(added.id)
    return render_template(
        "accounts/new.html",
        form=form,
        entry=entry,
        operator=operators[operator_id],
        setting_names=setting_names(entry),
        secret_names=secret_names(entry),
    )


def _only(operators: dict[int, str]) -> int | None:
    return next(iter(operators)) if len(operators) == 1 else None


def _add(form: CredentialsForm, operator_id: int, provider: str) -> Account | None:
    """The account, or None and words beside what is wrong."""
    typed = form.typed(PROVIDERS[provider], {})
    lacks = missing(provider, {**typed.settings, **typed.secrets})
    wrong = None if lacks else unfit(provider, {**typed.settings, **typed.secrets})
    if wrong is not None:
        form.form_errors.append(wrong)
        return None
    description = accounts.NewAccount(
        operator_id=operator_id,
        provider=provider,
        currency=form["currency"].data,
        name=" ".join(form["name"].data.split()),
        settings=typed.settings,
        secrets=typed.secrets,
    )
    actor, minted, sealer = viewer().email, str(form.minted), runtime().accounts.sealer
    try:
        added = repeat(lambda db: accounts.add_idle(db, description, sealer, actor, minted, lacks))
    except accounts.AccountRefused as refused:
        form["name"].errors = [f"Not added: {refused}."]
        return None
    names = ", ".join(label(name).lower() for name in lacks)
    words = "The account is added. It takes no money before two people make it the default"
    words += " or choose it for a tour."
    flash(words + (f" It is off until it is complete: {names} is missing." if lacks else ""))
    return added


@blueprint.route("/accounts/<int:account_id>/off", methods=["GET", "POST"])
@needs(Right.MONEY)
def off(account_id: int) -> str | Response:
    """Take no new payments with this account. It only stops money, so one person is enough."""
    account, operator = own_account(account_id)
    form = ActForm()
    if form.validate_on_submit():
        repeat(lambda db: accounts.deactivate(db, account_id, viewer().email))
        flash("The account takes no new payments. What is under way goes on.", "success")
        return to_account(account_id)
    return render_template("accounts/off.html", form=form, account=account, operator=operator)
