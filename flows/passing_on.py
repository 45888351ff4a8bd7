"""What is written to the person who was asked for and has not come yet. The bot does not talk over
it: it says now and then that they will come, and the rest of the time nothing.
"""

from datetime import timedelta

from flows.answers import is_slip, names_yes_or_no, spoken
from flows.desk import Desk

PASSED_ON = "common.passed_on"
_AGAIN_AFTER = timedelta(hours=1)
# Where words alone are no answer. Where they may be one, as a surname, the bot goes on explaining
# what it asks; and so it does while a code is waited for, which does not wait for anybody.
_NOT_UNDERSTOOD = frozenset(
    {
        "menu.unknown",
        "pay.reference.not_understood",
        "pay.amount.not_understood",
        "pay.number.not_understood",
        "pay.link.not_understood",
        "pay.phone.not_understood",
    }
)
_PAY = "pay"


def is_for_person(misheard: str, text: str, desk: Desk) -> bool:
    """Whether a text that was misheard, answered by the phrase `misheard`, was meant for somebody
    of staff: words alone that are no answer to anything we ask.
    """
    silent = misheard in _NOT_UNDERSTOOD and not _may_be_for_us(text)
    return silent and desk.awaits_person()


def _may_be_for_us(text: str) -> bool:
    """Whether a text looks like an answer, or like what we are asked for, although we could not
    read it.
    """
    if any(character.isdigit() for character in text) or names_yes_or_no(text):
        return True
    heard = spoken(text)
    return heard[:1] == (_PAY,) or (len(heard) == 1 and is_slip(heard[0], _PAY))


def is_passed_on(desk: Desk) -> bool:
    """Whether it was said lately that a person will come."""
    return desk.was_sent(PASSED_ON, desk.now - _AGAIN_AFTER)
