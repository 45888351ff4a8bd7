"""What decides where money goes, changed when two people agree and a cooling-off has passed.

    change_account   subject account:<id>
                     detail kind     what is changed: see Kind
                            seen     the account's version when it was proposed
                            other    the account that takes this money today, or will again: an id
                            tour     its number, where a tour is concerned
                            settings {name: {from, to}}, secrets [names]: where credentials are

The values of secrets are sealed in the proposal and stand nowhere else. What was agreed to is what
is done: an account, a default or a tour that changed meanwhile is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import accounts
from domain.models import Account, Staff, Tour, TourAccount
from domain.sealing import Sealer
from domain.wishes import NotDone, Tools, Why, Wish

CHANGE = "change_account"


class Kind(StrEnum):
    """What of an account is changed."""

    DEFAULT = "default"
    ACTIVATE = "activate"
    CREDENTIALS = "credentials"
    CHOOSE_FOR_TOUR = "choose_for_tour"
    FORGET_FOR_TOUR = "forget_for_tour"


class ChangeWhy(StrEnum):
    """Why an account is not changed."""

    CHANGED_MEANWHILE = "changed_meanwhile"
    NOTHING_TO_CHANGE = "nothing_to_change"
    ACCOUNT_OFF = "account_off"
    OTHER_TOUR = "other_tour"  # there is no such tour of this operator


@dataclass(frozen=True, slots=True)
class Change:
    """What one of staff proposes. In `settings` and `secrets` an empty text takes one away."""

    proposal_id: UUID
    account_id: int
    kind: Kind
    reason: str
    staff_id: int
    tour: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def wish_of(db: Session, change: Change, cooling_hours: float, sealer: Sealer) -> Wish:
    """The change as a wish, with what stands today written into it. Raises AccountRefused for an
    unknown account.
    """
    account = accounts.lock_account(db, change.account_id)
    detail: dict[str, object] = {
        "kind": change.kind.value,
        "seen": accounts.version_of(account),
        "other": _other(db, account, change.kind, change.tour),
    }
    if change.tour is not None:
        detail["tour"] = change.tour
    if change.kind is Kind.CREDENTIALS:
        before = account.settings
        detail["settings"] = {
            name: {"from": before.get(name, ""), "to": text}
            for name, text in change.settings.items()
            if before.get(name, "") != text
        }
        detail["secrets"] = sorted(change.secrets)
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return Wish(
        proposal_id=change.proposal_id,
        act=CHANGE,
        subject=f"account:{account.id}",
        operator_id=account.operator_id,
        detail=detail,
        evidence=change.reason,
        staff_id=change.staff_id,
        not_before=now + timedelta(hours=cooling_hours),
        sealed=sealer.seal(json.dumps(dict(change.secrets))) if change.secrets else None,
    )


def may_change(db: Session, wish: Wish) -> NotDone | None:
    """What stands against the change now."""
    account = accounts.lock_account(db, int(wish.named("account")))
    if wish.operator_id != account.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    kind, tour = _asked(wish)
    why = _refused(db, account, kind, tour, wish)
    if why is not None:
        return NotDone(why)
    if wish.detail["seen"] != accounts.version_of(account):
        return NotDone(ChangeWhy.CHANGED_MEANWHILE)
    if wish.detail["other"] != _other(db, account, kind, tour):
        return NotDone(ChangeWhy.CHANGED_MEANWHILE)
    return None


def change_account(db: Session, wish: Wish, second: Staff, tools: Tools) -> None:
    """Carry it out; the audit trail names the second person, the proposal both."""
    account_id, actor = int(wish.named("account")), second.email
    kind, tour = _asked(wish)
    if kind is Kind.DEFAULT:
        accounts.make_default(db, account_id, actor)
    elif kind is Kind.ACTIVATE:
        accounts.activate(db, account_id, actor)
    elif kind is Kind.CREDENTIALS:
        settings = {name: move["to"] for name, move in wish.detail["settings"].items()}
        sealer = _sealer(tools)
        secrets = json.loads(sealer.open(wish.sealed)) if wish.sealed is not None else {}
        accounts.change_credentials(db, account_id, settings, secrets, sealer, actor)
    elif kind is Kind.CHOOSE_FOR_TOUR:
        accounts.choose_for_tour(db, _number(tour), account_id, actor)
    else:
        accounts.forget_for_tour(db, _number(tour), account_id, actor)


def _asked(wish: Wish) -> tuple[Kind, int | None]:
    tour = wish.detail.get("tour")
    return Kind(wish.detail["kind"]), None if tour is None else int(tour)


def _refused(
    db: Session, account: Account, kind: Kind, tour: int | None, wish: Wish
) -> StrEnum | None:
    if kind is Kind.CREDENTIALS:
        changes = wish.detail["settings"] or wish.detail["secrets"]
        return None if changes else ChangeWhy.NOTHING_TO_CHANGE
    if kind is Kind.ACTIVATE:
        return ChangeWhy.NOTHING_TO_CHANGE if account.active else None
    if kind is not Kind.FORGET_FOR_TOUR and not account.active:
        return ChangeWhy.ACCOUNT_OFF
    if kind is Kind.DEFAULT:
        return ChangeWhy.NOTHING_TO_CHANGE if account.is_default else None
    owner = db.execute(
        select(Tour.operator_id).where(Tour.id == _number(tour)).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if owner != account.operator_id:
        return ChangeWhy.OTHER_TOUR
    is_named = _named_by(db, account, _number(tour)) == account.id
    if is_named == (kind is Kind.CHOOSE_FOR_TOUR):
        return ChangeWhy.NOTHING_TO_CHANGE
    return None


def _other(db: Session, account: Account, kind: Kind, tour: int | None) -> int | None:
    """Which other account takes this money: today, or once a tour forgets this one."""
    if kind in (Kind.CREDENTIALS, Kind.ACTIVATE):
        return None
    if kind is Kind.CHOOSE_FOR_TOUR:
        named = _named_by(db, account, _number(tour))
        if named is not None:
            return named
    default = db.execute(
        accounts.default_of(account.operator_id, account.provider, account.currency)
    ).scalar_one_or_none()
    return None if default is None else default.id


def _named_by(db: Session, account: Account, tour: int) -> int | None:
    return db.execute(
        select(TourAccount.account_id).where(
            TourAccount.tour_id == tour,
            TourAccount.provider == account.provider,
            TourAccount.currency == account.currency,
        )
    ).scalar_one_or_none()


def _number(tour: int | None) -> int:
    if tour is None:
        raise ValueError("the change is about a tour, and names none")
    return tour


def _sealer(tools: Tools) -> Sealer:
    if tools.sealer is None:
        raise ValueError("secrets cannot be kept without the accounts' sealer")
    return tools.sealer
