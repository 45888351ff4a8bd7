"""Operators' merchant accounts: added, switched on and off, chosen for an operator or for one tour.

Where money goes is never chosen by itself: an account that is off is not replaced by another.
Whoever has the machine does these acts alone; for staff, see domain/account_changes.py.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Account, AuditEntry, Operator, Staff, Tour, TourAccount
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
    has_default = db.execute(default_of(new.operator_id, new.provider, new.currency)).first()
    account = _filed(db, new, sealer)
    account.is_default, account.active = has_default is None, True
    db.flush()
    _write_down(db, actor, "account_added", account, _about(new))
    return account


def add_idle(
    db: Session, new: NewAccount, sealer: Sealer, actor: str, form: str, missing: Collection[str]
) -> Account:
    """Add an account that takes no money before two people say so: neither a default nor any
    tour's, and off while anything is `missing`.

    `form` is minted by who adds: adding again with the same one changes nothing. Raises
    AccountRefused where the operator has another one of this name with the provider.
    """
    db.execute(
        select(Operator.id).where(Operator.id == new.operator_id).with_for_update(key_share=True)
    ).scalar_one()
    known = (
        db.execute(
            select(Account).where(
                Account.operator_id == new.operator_id,
                Account.provider == new.provider,
                Account.currency == new.currency,
                Account.name == new.name,
            )
        )
        .scalars()
        .first()
    )
    if known is not None:
        if _was_added_by(db, known, form):
            return known
        raise AccountRefused("there is an account of this name already")
    account = _filed(db, new, sealer)
    account.is_default, account.active = False, not missing
    db.flush()
    _write_down(db, actor, "account_added", account, _about(new) | {"form": form})
    return account


def _filed(db: Session, new: NewAccount, sealer: Sealer) -> Account:
    account = Account(
        operator_id=new.operator_id,
        provider=new.provider,
        currency=new.currency,
        name=new.name,
        settings=dict(new.settings),
        secrets_sealed=sealer.seal(json.dumps(dict(new.secrets))),
    )
    db.add(account)
    return account


def _about(new: NewAccount) -> dict[str, object]:
    return {"provider": new.provider, "names": sorted(new.secrets)}


def _was_added_by(db: Session, account: Account, form: str) -> bool:
    entries = select(AuditEntry.id).where(
        AuditEntry.subject == f"account:{account.id}",
        AuditEntry.act == "account_added",
        AuditEntry.detail["form"].astext == form,
    )
    return db.execute(select(entries.exists())).scalar_one()


def activate(db: Session, account_id: int, actor: str) -> Account:
    """Let an account take new payments."""
    account = lock_account(db, account_id)
    if not account.active:
        account.active = True
        _write_down(db, actor, "account_activated", account, {})
    return account


def deactivate(db: Session, account_id: int, actor: str) -> Account:
    """Let an account take no new payments; what is under way goes on."""
    account = lock_account(db, account_id)
    if account.active:
        account.active = False
        _write_down(db, actor, "account_deactivated", account, {})
    return account


def make_default(db: Session, account_id: int, actor: str) -> Account:
    """Let this account take its operator's money from now on."""
    account = lock_account(db, account_id)
    if account.is_default:
        return account
    before = db.execute(
        default_of(account.operator_id, account.provider, account.currency).with_for_update()
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
    account = lock_account(db, account_id)
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
    account = lock_account(db, account_id)
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
    return change_credentials(db, account_id, {}, secrets, sealer, actor)


def change_credentials(
    db: Session,
    account_id: int,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    sealer: Sealer,
    actor: str,
) -> Account:
    """Replace some of an account's settings and secrets; an empty text takes one away.

    The secrets are sealed anew even where they stay, because adapters are kept by what is sealed:
    so every process makes a new one, with the new settings.
    """
    account = lock_account(db, account_id)
    kept = json.loads(sealer.open(account.secrets_sealed)) | dict(secrets)
    before = account.settings
    account.settings = _filled(before | dict(settings))
    account.secrets_sealed = sealer.seal(json.dumps(_filled(kept)))
    if settings:
        changed = {
            name: {"from": before.get(name, ""), "to": text} for name, text in settings.items()
        }
        _write_down(db, actor, "account_settings_changed", account, {"changed": changed})
    if secrets:
        detail = {"names": sorted(secrets)}
        _write_down(db, actor, "account_secrets_changed", account, detail)
    return account


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in values.items() if text}


def version_of(account: Account) -> str:
    """What an account's settings and secrets are told apart by. It says nothing of them: it is of
    the sealed text, which is another one after every change.
    """
    return hashlib.sha256(account.secrets_sealed).hexdigest()[:16]


def lock_account(db: Session, account_id: int) -> Account:
    """The account, locked and fresh. Raises AccountRefused for an unknown one."""
    account = db.execute(
        select(Account)
        .where(Account.id == account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if account is None:
        raise AccountRefused(f"there is no account {account_id}")
    return account


def default_of(operator_id: int, provider: str, currency: str) -> Select[Account]:
    """The query for the account that takes an operator's money where no tour names another."""
    return select(Account).where(
        Account.operator_id == operator_id,
        Account.provider == provider,
        Account.currency == currency,
        Account.is_default,
    )


def _write_down(
    db: Session, actor: str, act: str, account: Account, detail: Mapping[str, object]
) -> None:
    staff_id = select(Staff.id).where(Staff.email == actor).scalar_subquery()
    db.add(
        AuditEntry(
            actor=actor,
            staff_id=staff_id,
            act=act,
            subject=f"account:{account.id}",
            detail=dict(detail),
        )
    )
