"""What must be true of messages and refunds, whatever happened."""

from sqlalchemy import func, select

from domain.database import transaction
from domain.models import Message, Payment, Refund, Transfer
from tests.journey.house import House

_GIVEN_BACK = ("succeeded", "COMPLETED", "SUCCESS")  # as each simulator says it


def assert_no_lies() -> None:
    """Nobody was told "failed" for money that moved; who was told that it is over, and whose money
    came, was told that too, and not as if it had come in time.
    """
    came_in = select(Transfer.payment_id).where(Transfer.kind.in_(("capture", "surplus")))
    words: dict[object, set[str]] = {}
    with transaction() as db:
        for payment, told in db.execute(
            select(Message.payment_id, Message.told).where(
                Message.told.is_not(None), Message.sid.is_not(None), Message.payment_id.in_(came_in)
            )
        ):
            words.setdefault(payment, set()).add(told)
    for payment, heard in words.items():
        assert "failed" not in heard, f"{payment} was told to have failed, and its money came"
        if heard & {"expired", "cancelled"}:
            assert heard & {"late", "surplus"}, f"{payment} is over and paid: {heard}"
            assert "settled" not in heard, f"{payment} was over and came in time: {heard}"


def given_back(house: House, provider: str) -> int:
    """Minor units that a simulated provider says it gave back."""
    return sum(
        int(refund["amount_minor"])
        for refund in house.book(provider)["refunds"]
        if refund["status"] in _GIVEN_BACK
    )


def sent_back(provider: str) -> int:
    """Minor units that our ledger says this provider gave back."""
    with transaction() as db:
        total = db.execute(
            select(func.coalesce(func.sum(Transfer.amount_minor), 0))
            .join(Refund, Refund.id == Transfer.refund_id)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.provider == provider, Refund.way == "provider")
        ).scalar_one()
    return int(total)


def calls(house: House, provider: str, operation: str) -> int:
    """How often a simulated provider was asked this, by anybody."""
    asked = house.book(provider)["requests"].values()
    return sum(counts.get(operation, 0) for counts in asked)
