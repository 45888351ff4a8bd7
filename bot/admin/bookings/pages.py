"""Bookings: the list and its search, and one of them with everything about it."""

from flask import Blueprint, abort, render_template, request, url_for

from bot.admin.bookings import acts, queries, taking_back, uploads, whole
from bot.admin.bookings.forms import read_filters
from bot.admin.bookings.whole import Whole
from bot.admin.bookings.words import words_of_paid
from bot.admin.departures.queries import tours
from bot.admin.ids import read_id
from bot.admin.paging import read_cursor
from bot.admin.rights import Right, needs
from bot.admin.viewers import scope, viewer
from bot.announcing import receipt_number
from domain.database import transaction
from domain.staff.trail import entry
from domain.taking_back import recorded


def _whole_area() -> Blueprint:
    """The pages below, with the acts and the uploads."""
    area = Blueprint("bookings", __name__)
    area.register_blueprint(acts.blueprint)
    area.register_blueprint(taking_back.blueprint)
    area.register_blueprint(uploads.blueprint)
    return area


blueprint: Blueprint = _whole_area()

_ONE = "/bookings/<int:booking_id>"


@blueprint.get("/bookings")
@needs(Right.SEE)
def index() -> str:
    """The newest first, narrowed by what stands in the address."""
    filters = read_filters(request.args)
    cursor = read_cursor(request.args.get("before"), (read_id,))
    with transaction() as db:
        page = queries.listed(db, scope(), filters, cursor[0] if cursor else None)
        known = tours(db, scope())
    operators = sorted({(name, number) for _, _, number, name in known})
    return render_template(
        "bookings/index.html",
        page=page,
        filters=filters,
        tours=known,
        operators=operators,
        statuses=queries.STATUSES,
    )


@blueprint.get(_ONE)
@needs(Right.SEE)
def show(booking_id: int) -> str:
    """One booking; its number by its end."""
    return _page(_found(booking_id))


@blueprint.post(f"{_ONE}/number")
@needs(Right.WORK)
def number(booking_id: int) -> str:
    """The same page with the whole phone number, which is written down."""
    found = _found(booking_id)
    with transaction() as db:
        db.add(entry(viewer().by, "number_shown", f"booking:{booking_id}"))
    return _page(found, shows_number=True)


@blueprint.get(f"{_ONE}/receipts/<int:transfer_id>")
@needs(Right.SEE)
def receipt(booking_id: int, transfer_id: int) -> str:
    """The receipt of money taken at the desk, for paper."""
    with transaction() as db:
        core = whole.core(db, scope(), booking_id) or abort(404)
        posted = recorded(db, booking_id, transfer_id) or abort(404)
    return render_template(
        "bookings/receipt.html",
        core=core,
        booking=core.booking,
        posted=posted,
        number=receipt_number(posted.record_id),
        how=words_of_paid(posted.said),
    )


def _found(booking_id: int) -> Whole:
    with transaction() as db:
        return whole.whole(db, scope(), booking_id) or abort(404)


def _page(found: Whole, *, shows_number: bool = False) -> str:
    return render_template(
        "bookings/show.html",
        whole=found,
        core=found.core,
        booking=found.core.booking,
        shows_number=shows_number,
        talk=_talk,
        decision=_decision,
    )


def _talk(contact_id: int) -> str:
    return url_for("conversations.show", contact_id=contact_id)


def _decision(proposal_id: object) -> str:
    """The page on which a proposal is decided."""
    return url_for("approvals.proposal", proposal_id=proposal_id)
