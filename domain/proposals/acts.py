"""The acts that take two people, by their names. What the subject and the detail of each are stands
where it is carried out.
"""

from collections.abc import Mapping

from domain import account_changes, correcting, moving, taking_back
from domain.payments import by_people as payments
from domain.refunds import proposed as refunds
from domain.wishes import Act

ACTS: Mapping[str, Act] = {
    "settle_by_statement": Act(payments.may_settle, payments.settle_by_statement),
    "close_as_not_paid": Act(payments.may_close, payments.close_as_not_paid),
    "close_review": Act(payments.may_close_review, payments.close_review),
    "refunded_outside": Act(refunds.may_record_outside, refunds.record_outside),
    "conclude_refund": Act(refunds.may_conclude, refunds.conclude),
    "move_money": Act(moving.may_move, moving.move_money),
    "take_back_outside": Act(taking_back.may_take_back, taking_back.take_back),
    "correct_booking": Act(correcting.may_correct, correcting.correct_by_two),
    "change_account": Act(account_changes.may_change, account_changes.change_account),
}
