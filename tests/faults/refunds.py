"""Two of staff, who ask for refunds and agree to them, past the web and its pages."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from domain import refunds
from domain.database import transaction
from domain.models import Payment, PaymentEvent, Refund, Staff
from domain.money import Money
from domain.policy import Policy
from domain.refunds import Finding, NotRefunded, RefundWish
from tests import factories
from tests.journey.house import House
from tests.journey.waiting import eventually

ANNA, BEN = "anna@example.com", "ben@example.com"
REASON = "the tour was called off"


def staff_id(email: str) -> int:
    """One of staff, who is hired when first asked for."""
    with transaction() as db:
        found = db.execute(select(Staff).where(Staff.email == email)).scalar_one_or_none()
        if found is None:
            found = factories.staff(db, email)
        return found.id


def ask(payment: Payment, amount_minor: int) -> Refund | NotRefunded:
    """Anna asks for money of this payment to go back."""
    wish = RefundWish(
        refund_id=uuid4(),
        payment_id=payment.id,
        amount=Money(amount_minor, payment.currency),
        reason=REASON,
        staff_id=staff_id(ANNA),
        way="provider",
    )
    with transaction() as db:
        return refunds.request(db, wish)


@dataclass(frozen=True, slots=True)
class Back:
    """A refund of a payment's money."""

    house: House
    payment_id: UUID
    id: UUID

    @property
    def row(self) -> Refund:
        with transaction() as db:
            return db.execute(select(Refund).where(Refund.id == self.id)).scalar_one()

    def approve(self) -> None:
        """Ben agrees."""
        ben = staff_id(BEN)
        with transaction() as db:
            done = refunds.approve(db, self.id, ben)
            assert isinstance(done, Refund), done

    def becomes(self, *statuses: str) -> None:
        """Wait until the refund stands so."""
        self._becomes(statuses, pass_seconds=0)

    def concludes(self, *statuses: str) -> None:
        """As `becomes`, where a day passes between one question and the next."""
        self._becomes(statuses, pass_seconds=86_400)

    def _becomes(self, statuses: tuple[str, ...], pass_seconds: float) -> None:
        def look() -> bool:
            self.house.revive()
            if self.row.status in statuses:
                return True
            if pass_seconds:
                self.later(pass_seconds)
            return False

        try:
            eventually(f"a refund is {statuses}", look, 40)
        except AssertionError as error:
            raise AssertionError(f"{error}: it is {self.row.status}, {self.path()}") from None

    def later(self, seconds: float) -> None:
        """Let time pass for it: all of its moments move into the past."""
        moment = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        columns = (Refund.lease_until, Refund.next_check_at, Refund.negative_since)
        with transaction() as db:
            db.execute(
                update(Refund)
                .where(Refund.id == self.id)
                .values({column: column - moment for column in columns})
            )

    def path(self) -> list[str]:
        """What happened to refunds of this payment, in order."""
        events = (
            select(PaymentEvent.kind)
            .where(PaymentEvent.payment_id == self.payment_id, PaymentEvent.kind.like("refund%"))
            .order_by(PaymentEvent.version)
        )
        with transaction() as db:
            return list(db.execute(events).scalars())

    def conclude(self, finding: Finding) -> None:
        """Two people say what they read in the provider's own books: once the lease of the call is
        over, before which nobody may.
        """
        self.later(60)
        people = staff_id(ANNA), staff_id(BEN)
        with transaction() as db:
            done = refunds.conclude(db, self.id, people, finding, "statement 7", Policy())
            assert isinstance(done, Refund), done


def approved(house: House, payment: Payment, amount_minor: int) -> Back:
    """A refund that two people agreed to."""
    asked = ask(payment, amount_minor)
    assert isinstance(asked, Refund), asked
    back = Back(house, payment.id, asked.id)
    back.approve()
    return back
