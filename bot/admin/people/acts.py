"""What an admin may do about a person, in words: one page asks, one button does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.admin.people.queries import Person
from domain.staff import people
from domain.staff.people import Bar
from domain.staff.trail import By
from domain.wishes import NotDone

# Why nothing was done.
BARS: Mapping[Bar, str] = {
    Bar.NOT_ADMIN: "You are no admin any more.",
    Bar.YOURSELF: "Nobody does this to himself. Ask another admin.",
    Bar.LAST_ADMIN: "This is the last admin. Invite another one first.",
    Bar.IS_APPROVERS: "Only somebody who may approve can make an approver.",
    Bar.IS_DISABLED: "This person is disabled. Enable them first.",
    Bar.IS_THERE: "Somebody has this address already. Open their page to send a new link.",
}


@dataclass(frozen=True, slots=True)
class PersonAct:
    """`title` asks, `words` say what will happen, `done` what has."""

    title: str
    words: str
    button: str
    look: str
    done: str
    do: Callable[[Session, By, int], NotDone | None]
    fits: Callable[[Person], bool]


ACTS: Mapping[str, PersonAct] = {
    "disable": PersonAct(
        "Disable {email}?",
        "They are signed out everywhere at once and cannot sign in again. What they did stays.",
        "Disable",
        "btn btn-danger",
        "{email} can no longer sign in.",
        people.disable,
        lambda person: person.disabled_at is None,
    ),
    "enable": PersonAct(
        "Enable {email} again?",
        "They can sign in with the password they had. An approver waits 24 hours anew (by somebody"
        " who may not approve, they lose it), and all approvers are told.",
        "Enable",
        "btn btn-primary",
        "{email} can sign in again.",
        people.enable,
        lambda person: person.disabled_at is not None,
    ),
    "approver": PersonAct(
        "Make {email} an approver?",
        "From 24 hours on they may be the second person for acts on money, but not for whom they"
        " invited or who invited them. All approvers are told now.",
        "Make an approver",
        "btn btn-primary",
        "{email} may approve after 24 hours. All approvers were told.",
        people.make_approver,
        lambda person: person.approver_from is None and person.disabled_at is None,
    ),
    "no-approver": PersonAct(
        "May {email} approve no longer?",
        "They cannot be the second person any more. All approvers are told.",
        "Take the right to approve",
        "btn btn-danger",
        "{email} may approve no longer. All approvers were told.",
        people.take_approver,
        lambda person: person.approver_from is not None,
    ),
    "withdraw": PersonAct(
        "Withdraw the link of {email}?",
        "It opens nothing any more. You can make a new one at any time.",
        "Withdraw the link",
        "btn btn-danger",
        "The link is withdrawn.",
        people.withdraw_link,
        lambda person: person.link_until is not None,
    ),
}
