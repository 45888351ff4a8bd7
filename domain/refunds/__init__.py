"""Money on its way back: asked for, approved by a second person, sent once, followed until it is
final.

    requested ▸ approved ▸ sending ─┬▸ pending ─┬▸ succeeded
                                    │           └▸ failed
                                    └▸ uncertain ▸ asked until certain, or two people

asking    what is left, a request, its approval      sending    the lease before the one call
answers   what came of it, and of each question      posting    the one act that gives back
people    given back outside; what two people know   reversing  what a provider took back by itself
proposed  the same, as one proposes and another approves
story     locks, and what is written about them      schedule   when to look again
"""

from domain.refunds.answers import (
    Following,
    RefundWord,
    lose_answer,
    nobody_to_ask,
    record_failed_check,
    record_refusal,
    record_word,
)
from domain.refunds.asking import RefundWish, approve, reject, request
from domain.refunds.people import (
    Finding,
    OutsideWish,
    conclude,
    record_outside,
    record_reversal,
)
from domain.refunds.posting import Left, reversed_beyond, what_is_left
from domain.refunds.refusals import NotRefunded, Why
from domain.refunds.reversing import Reversal, reverse
from domain.refunds.schedule import ask_now, claim_due
from domain.refunds.sending import (
    RefundAct,
    begin_send,
    due_act,
    leave,
    refunded_beside,
    still_counts,
)
from domain.refunds.story import LockedRefund, lock

__all__ = [
    "Finding",
    "Following",
    "Left",
    "LockedRefund",
    "NotRefunded",
    "OutsideWish",
    "RefundAct",
    "RefundWish",
    "RefundWord",
    "Reversal",
    "Why",
    "approve",
    "ask_now",
    "begin_send",
    "claim_due",
    "conclude",
    "due_act",
    "leave",
    "lock",
    "lose_answer",
    "nobody_to_ask",
    "record_failed_check",
    "record_outside",
    "record_refusal",
    "record_reversal",
    "record_word",
    "refunded_beside",
    "reject",
    "request",
    "reverse",
    "reversed_beyond",
    "still_counts",
    "what_is_left",
]
