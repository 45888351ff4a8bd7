"""`refunds …`: money on its way back, asked for by one person and agreed to by another."""

from uuid import UUID, uuid4

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.common import counted, plain_errors, runtime
from domain import refunds as books
from domain.database import repeat, transaction
from domain.importing.cells import BadCell, read_amount
from domain.models import Booking, Payment, Refund, Staff
from domain.money import Money
from domain.payments import Word
from domain.refunds import Finding, NotRefunded, Why
from domain.refunds.states import OPEN, OUTSIDE, PROVIDER
from providers.refunds import Refunds

_WORDS = {
    Why.NOTHING_CAME: "This payment brought no money.",
    Why.OUTSIDE_ONLY: "Its provider gives nothing back when asked: give it back by yourselves,"
    " then write it down with `refunds outside`.",
    Why.ABOVE_LEFT: "That is more than is left of this payment: {left}.",
    Why.TAKEN_BACK: "Its provider took money of this payment back by itself. Of it there is left:"
    " {left}.",
    Why.NOT_POSITIVE: "An amount is more than nothing.",
    Why.OTHER_CURRENCY: "The payment was in another currency.",
    Why.NO_REASON: "Say why, in 1 to 300 characters.",
    Why.NOT_ALLOWED: "Only an admin, or staff of the booking's own operator, may do this.",
    Why.SAME_PERSON: "It takes two people: this is the same one.",
    Why.ASKER_GONE: "Who asked for it no longer works here. Reject it, and ask anew.",
    Why.VOUCHED_FOR: "One of the two let the other in, so they do not count as two people.",
    Why.NOT_APPROVER: "The second person is not an approver, or not yet: a new one waits a day.",
    Why.NOT_WAITING: "The refund does not wait for this.",
    Why.STILL_CALLING: "The provider is being asked just now. Wait a minute.",
    Why.NOT_HELD: "The books no longer hold so much of this payment.",
    Why.SENT_BEFORE: "This was asked for before, with other details.",
}


@click.group()
def refunds() -> None:
    """Money on its way back."""


@refunds.command()
@click.argument("payment", type=click.UUID)
@click.argument("amount")
@click.option("--reason", required=True, help="For the provider's record too: no names.")
@click.option("--by", "email", required=True, help="Who asks, of staff.")
@with_appcontext
def request(payment: UUID, amount: str, reason: str, email: str) -> None:
    """Ask for AMOUNT of PAYMENT to go back by its provider. Another person approves it."""
    refund_id = uuid4()
    with plain_errors():
        with transaction() as db:
            wish = books.RefundWish(
                refund_id=refund_id,
                payment_id=payment,
                amount=_amount(db, payment, amount),
                reason=reason,
                staff_id=_staff_id(db, email),
                way=_way(db, payment),
            )
        _say(repeat(lambda db: books.request(db, wish, runtime().policy.refund_alone_minor)))


@refunds.command()
@click.argument("refund", type=click.UUID)
@click.option("--by", "email", required=True, help="Who agrees: not who asked for it.")
def approve(refund: UUID, email: str) -> None:
    """Agree to REFUND. The provider is then told, once."""
    with plain_errors():
        staff_id = _known(refund, email)
        _say(repeat(lambda db: books.approve(db, refund, staff_id)))


@refunds.command()
@click.argument("refund", type=click.UUID)
@click.option("--by", "email", required=True, help="Who says no.")
@click.option("--why", required=True)
def reject(refund: UUID, email: str, why: str) -> None:
    """Say no to REFUND, before the provider was told."""
    with plain_errors():
        staff_id = _known(refund, email)
        _say(repeat(lambda db: books.reject(db, refund, staff_id, why)))


@refunds.command()
@click.argument("payment", type=click.UUID)
@click.argument("amount")
@click.option("--evidence", required=True, help="How it went back: a bank's reference, a receipt.")
@click.option("--by", "email", required=True, help="Who gave it back.")
@click.option("--second", required=True, help="Who has seen the evidence too.")
def outside(payment: UUID, amount: str, evidence: str, email: str, second: str) -> None:
    """Write down that AMOUNT of PAYMENT was given back without its provider."""
    refund_id = uuid4()
    with plain_errors():
        with transaction() as db:
            wish = books.OutsideWish(
                refund_id=refund_id,
                payment_id=payment,
                amount=_amount(db, payment, amount),
                evidence=evidence,
                staff_id=_staff_id(db, email),
                approver_id=_staff_id(db, second),
            )
        _say(repeat(lambda db: books.record_outside(db, wish)))


@refunds.command()
@click.argument("refund", type=click.UUID)
@click.argument("finding", type=click.Choice(["given-back", "not-given-back"]))
@click.option("--evidence", required=True, help="What the provider's statement says.")
@click.option("--by", "email", required=True)
@click.option("--second", required=True, help="Who has seen the evidence too.")
@with_appcontext
def conclude(refund: UUID, finding: str, evidence: str, email: str, second: str) -> None:
    """Say what became of a REFUND that is in doubt."""
    found = Finding(finding.replace("-", "_"))
    policy = runtime().policy
    with plain_errors():
        people = _known(refund, email), _known(refund, second)
        _say(repeat(lambda db: books.conclude(db, refund, people, found, evidence, policy)))


@refunds.command("reversed")
@click.argument("payment", type=click.UUID)
@click.argument("amount")
@click.option("--receipt", required=True, help="The provider's own id of the reversal.")
@click.option("--evidence", required=True, help="What the provider's statement or letter says.")
@click.option("--by", "email", required=True)
@click.option("--second", required=True, help="Who has seen the evidence too.")
def reversed_by_provider(
    payment: UUID, amount: str, receipt: str, evidence: str, email: str, second: str
) -> None:
    """Write down that the provider took AMOUNT of PAYMENT back by itself: a chargeback, a
    reversal. The booking owes it again.
    """

    def work(db: Session) -> books.Reversal | NotRefunded:
        people = _staff_id(db, email), _staff_id(db, second)
        word = Word(
            status="reversed",
            source="person",
            delivery_key=f"{payment}:{receipt}"[:120],
            receipt=receipt,
            amount=_amount(db, payment, amount),
            body=evidence,
        )
        return books.record_reversal(db, payment, people, word)

    with plain_errors():
        done = repeat(work)
    if isinstance(done, NotRefunded):
        raise click.ClickException(_WORDS[done.why])
    if done.known:
        click.echo("It was written down before: nothing is changed.")
        return
    click.echo(f"Posted {done.posted} as taken back; the payment is in review ({done.review}).")


@refunds.command("list")
def list_open() -> None:
    """All refunds that are not over, and those that a person must look at: oldest first."""
    with plain_errors(), transaction() as db:
        rows = db.execute(
            select(Refund, Payment.currency, Booking.reference)
            .join(Payment, Payment.id == Refund.payment_id)
            .join(Booking, Booking.id == Payment.booking_id)
            .where(Refund.status.in_(OPEN) | Refund.review.is_not(None))
            .order_by(Refund.created_at, Refund.id)
        ).all()
    for refund, currency, reference in rows:
        review = f"  look: {refund.review}" if refund.review else ""
        amount = Money(refund.amount_minor, currency)
        click.echo(f"{refund.id}  {reference}  {amount}  {refund.status}{review}")
    click.echo(f"{counted(len(rows), 'refund')}.")


def _say(done: Refund | NotRefunded) -> None:
    """What became of it; exit code 1 where nothing did."""
    if isinstance(done, NotRefunded):
        raise click.ClickException(_WORDS[done.why].format(left=done.left))
    more = f" ({done.review})" if done.review else ""
    click.echo(f"Refund {done.id} is {done.status}{more}.")


def _payment(db: Session, payment_id: UUID) -> Payment:
    payment = db.get(Payment, payment_id)
    if payment is None:
        raise click.ClickException("There is no such payment.")
    return payment


def _amount(db: Session, payment_id: UUID, text: str) -> Money:
    try:
        return read_amount(text, _payment(db, payment_id).currency)
    except BadCell as error:
        raise click.ClickException(f"The amount {error}.") from None


def _way(db: Session, payment_id: UUID) -> str:
    """How the payment's provider gives money back."""
    provider = runtime().accounts.adapter(db, _payment(db, payment_id).account_id)
    return PROVIDER if isinstance(provider, Refunds) else OUTSIDE


def _known(refund_id: UUID, email: str) -> int:
    """The id of one of staff, who wants something of a refund that there is."""
    with transaction() as db:
        if db.get(Refund, refund_id) is None:
            raise click.ClickException("There is no such refund.")
        return _staff_id(db, email)


def _staff_id(db: Session, email: str) -> int:
    found = db.execute(select(Staff.id).where(Staff.email == email.strip().lower()))
    staff_id = found.scalar_one_or_none()
    if staff_id is None:
        raise click.ClickException("Nobody of staff has this e-mail address.")
    return staff_id
