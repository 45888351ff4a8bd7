"""What is done with a payment that is open: when there may be another in its place."""

from dataclasses import replace

import pytest

from bot import till
from bot.runtime import Runtime
from domain import payments
from domain.database import transaction
from domain.states import AWAITING_CUSTOMER
from flows.desk_answers import ResendAnswer
from tests.bot.paying import Counter, build


@pytest.fixture
def counter(runtime: Runtime) -> Counter:
    counter = build(runtime)
    counter.open_link(link_url="https://pay.test/1")
    return counter


def new_link(counter: Counter) -> ResendAnswer:
    runtime = counter.runtime
    tools = till.Tools(
        replace(runtime.policy, otp_resend_seconds=0),
        runtime.accounts,
        runtime.vault,
        runtime.answers,
        runtime.links,
        runtime.settings.otp_digits,
    )
    with transaction() as db:
        locked = payments.lock(db, counter.payment_id)
        return till.begin_anew(db, tools, locked, AWAITING_CUSTOMER)


def test_there_is_no_new_link_for_one_that_was_paid_otherwise_than_asked(counter: Counter) -> None:
    """The money is there, but a person must look: a second link would take it twice."""
    counter.change(review="amount_mismatch")
    assert new_link(counter) is ResendAnswer.TOO_LATE
    assert counter.payment().cancel_requested_at is None
