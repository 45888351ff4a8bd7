"""The life of a payment, and the one door through which money enters a booking.

opening   a payment begins: balance held, limits kept
calls     what is due; the leases before a call and the answers after it
links     what the customer finishes elsewhere, behind a link or in an app
ending    cancelled by the customer, expired by the clock
questions what is told to who says that they have paid
settling  the one act that credits
schedule  when to look again
story     locks, moves, and what is written about them
"""

from domain.payments.calls import (
    begin_confirm,
    begin_start,
    code_lost,
    lose_answer,
    record_failed_check,
    record_refusal,
    record_started,
    record_word,
    record_wrong_otp,
)
from domain.payments.due import Act, due_act
from domain.payments.ending import BY_CUSTOMER, cancel, expire
from domain.payments.links import Opened, begin_void, record_not_voided, record_opened
from domain.payments.opening import (
    Hold,
    NotOpened,
    OpenRequest,
    begin_confirming,
    holds_on,
    open_payment,
    replace,
)
from domain.payments.questions import answer_customer, says_paid
from domain.payments.schedule import ask_now, claim_due, leave
from domain.payments.settling import Settlement, settle
from domain.payments.story import Locked, ProviderCall, Word, lock, lock_booking

__all__ = [
    "Act",
    "BY_CUSTOMER",
    "Hold",
    "Locked",
    "NotOpened",
    "OpenRequest",
    "Opened",
    "ProviderCall",
    "Settlement",
    "Word",
    "answer_customer",
    "ask_now",
    "begin_confirm",
    "begin_confirming",
    "begin_start",
    "begin_void",
    "cancel",
    "claim_due",
    "code_lost",
    "due_act",
    "expire",
    "holds_on",
    "leave",
    "lock",
    "lock_booking",
    "lose_answer",
    "open_payment",
    "record_failed_check",
    "record_not_voided",
    "record_opened",
    "record_refusal",
    "record_started",
    "record_word",
    "record_wrong_otp",
    "replace",
    "says_paid",
    "settle",
]
