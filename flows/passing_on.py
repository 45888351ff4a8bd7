"""What is written to the person who was asked for and has not come yet. The bot does not talk over
it: it says now and then that they will come, and the rest of the time nothing.
"""

from datetime import timedelta

from flows.desk import Desk

PASSED_ON = "common.passed_on"
_AGAIN_AFTER = timedelta(hours=1)
# Where words without a digit are no answer. Where they may be one, as a surname, the bot goes on
# explaining what it asks.
_NOT_UNDERSTOOD = frozenset(
    {
        "menu.unknown",
        "pay.reference.not_understood",
        "pay.amount.not_understood",
        "pay.number.not_understood",
        "pay.otp.not_a_code",
        "pay.link.not_understood",
        "pay.phone.not_understood",
    }
)


def is_for_person(misheard: str, text: str, desk: Desk) -> bool:
    """Whether a text that was misheard, answered by the phrase `misheard`, was meant for somebody
    of staff.
    """
    has_digit = any(character.isdigit() for character in text)
    return misheard in _NOT_UNDERSTOOD and not has_digit and desk.awaits_person()


def is_passed_on(desk: Desk) -> bool:
    """Whether it was said lately that a person will come."""
    return desk.was_sent(PASSED_ON, desk.now - _AGAIN_AFTER)
