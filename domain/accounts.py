"""Operators' merchant accounts: added, switched on and off, chosen for an operator or for one tour.

Where money goes is never chosen by itself: an account that is off is not replaced by another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Account, AuditEntry, Tour, TourAccount
from domain.sealing import Sealer


class AccountRefused(ValueError):
    """An act that the accounts do not allow; the message says why, for the person who tried."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as staff describe it. `settings` may be shown, `secrets` never."""

    operator_id: int
    provider: str
    currency: str
    name: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def add(db: Session, new: NewAccount, sealer: Sealer, actor: str) -> Account:
    """Add an account. The first of its operator, provider and currency is the default."""
    has_default = db.execute(_default_of(new.operator_id, new.provider, new.currency)).first()
    account = Account(
        operator_id=new.operator_id,
        provider=new.provider,
        currency=new.currency,
        name=new.name,
        settings=dict(new.settings),
        secrets_sealed=sealer.seal(json.dumps(dict(new.secrets))),
        is_default=has_default is None,
        active=True,
    )
    db.add(account)
    db.flush()
    _write_down(db, actor, "account_added", account, {"provider": new.provider})
    return account


def activate(db: Session, account_id: int, actor: str) -> Account:
    """Let an account take new payments."""
    account = _locked(db, account_id)
    if not account.active:
        account.active = True
        _write_down(db, actor, "account_activated", account, {})
    return account


def deactivate(db: Session, account_id: int, actor: str) -> Account:
    """Let an account take no new payments; what is under way goes on."""
    account = _locked(db, account_id)
    if account.active:
        account.active = False
        _write_down(db, actor, "account_deactivated", account, {})
    return account


def make_default(db: Session, account_id: int, actor: str) -> Account:
    """Let this account take its operator's money from now on."""
    account = _locked(db, account_id)
    if account.is_default:
        return account
    before = db.execute(
        _default_of(account.operator_id, account.provider, account.currency).with_for_update()
    ).scalar_one_or_none()
    if before is not None:
        db.execute(update(Account).where(Account.id == before.id).values(is_default=False))
    db.execute(update(Account).where(Account.id == account.id).values(is_default=True))
    db.refresh(account)
    detail = {"before": before.id if before is not None else None}
    _write_down(db, actor, "account_made_default", account, detail)
    return account


def choose_for_tour(db: Session, tour_id: int, account_id: int, actor: str) -> Account:
    """Let this account take one tour's money. Raises AccountRefused for another operator's."""
    account = _locked(db, account_id)
    owner = db.execute(select(Tour.operator_id).where(Tour.id == tour_id)).scalar_one_or_none()
    if owner is None:
        raise AccountRefused(f"there is no tour {tour_id}")
    if owner != account.operator_id:
        raise AccountRefused("the tour is another operator's")
    db.execute(
        insert(TourAccount)
        .values(
            tour_id=tour_id,
            provider=account.provider,
            currency=account.currency,
            account_id=account.id,
        )
        .on_conflict_do_update(
            index_elements=["tour_id", "provider", "currency"], set_={"account_id": account.id}
        )
    )
    _write_down(db, actor, "account_chosen_for_tour", account, {"tour": tour_id})
    return account


def forget_for_tour(db: Session, tour_id: int, account_id: int, actor: str) -> Account:
    """Let the operator's default take this tour's money again."""
    account = _locked(db, account_id)
    gone = db.execute(
        delete(TourAccount)
        .where(TourAccount.tour_id == tour_id, TourAccount.account_id == account_id)
        .returning(TourAccount.tour_id)
    ).scalar_one_or_none()
    if gone is None:
        raise AccountRefused(f"tour {tour_id} does not name this account")
    _write_down(db, actor, "account_forgotten_for_tour", account, {"tour": tour_id})
    return account


def keep_secret(
    db: Session, account_id: int, secrets: Mapping[str, str], sealer: Sealer, actor: str
) -> Account:
    """Replace some of an account's secrets. Names stand in the audit trail, values nowhere."""
    account = _locked(db, account_id)
    kept = json.loads(sealer.open(account.secrets_sealed)) | dict(secrets)
    account.secrets_sealed = sealer.seal(json.dumps(kept))
    _write_down(db, actor, "account_secrets_changed", account, {"names": sorted(secrets)})
    return account


def _locked(db: Session, account_id: int) -> Account:
    account = db.execute(
        select(Account).where(Account.id == account_id).with_for_update()
    ).scalar_one_or_none()
    if account is None:
        raise AccountRefused(f"there is no account {account_id}")
    return account


def _default_of(operator_id: int, provider: str, currency: str) -> Select[Account]:
    return select(Account).where(
        Account.operator_id == operator_id,
        Account.provider == provider,
        Account.currency == currency,
        Account.is_default,
    )


def _write_down(
    db: Session, actor: str, act: str, account: Account, detail: Mapping[str, object]
) -> None:
    subject = f"account:{account.id}"
    db.add(AuditEntry(actor=actor, act=act, subject=subject, detail=dict(detail)))
