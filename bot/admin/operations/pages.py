"""The log of every call to a provider: how it was answered, how fast, and about which money."""

from flask import Blueprint, abort, render_template, request

from bot.admin.operations.queries import Filters, accounts, operations
from bot.admin.rights import Right, needs
from bot.admin.viewers import scope
from domain.database import transaction

blueprint = Blueprint("operations", __name__)


@blueprint.get("/operations")
@needs(Right.SEE)
def index() -> str:
    """A page of calls, the newest first. Filters stand in the address."""
    account_id = request.args.get("account", type=int)
    filters = Filters(
        account_id=account_id,
        operation=request.args.get("operation", "").strip()[:30] or None,
        only_errors=request.args.get("errors") == "1",
    )
    with transaction() as db:
        known = {each.account.id: each for each in accounts(db, scope())}
        if account_id is not None and account_id not in known:
            abort(404)
        page = operations(db, scope(), filters, request.args.get("before"))
    return render_template(
        "operations/index.html",
        page=page,
        filters=filters,
        accounts=known,
    )
