"""What a new version needs before it serves: the tables, the default operator, and the accounts
that the settings name.
"""

import json

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.config import Settings
from bot.tables import MIGRATIONS
from domain.database import Database, transaction
from domain.models import Account, AuditEntry, Operator
from domain.sealing import Sealer, Unreadable
from providers.registry import PROVIDERS

# Any two deployments that migrate at once take turns on this.
_MIGRATION_LOCK = 7_083_665
_LONGEST_STEP = "30min"

log = structlog.get_logger(__name__)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(database: Database) -> None:
    """Bring the tables up to date. Safe to run from several machines at once."""
    with database.engine.connect() as connection:
        _take_your_time(connection)
        connection.execute(select(func.pg_advisory_lock(_MIGRATION_LOCK)))
        connection.commit()
        try:
            config = _config()
            _take_your_time(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(select(func.pg_advisory_unlock(_MIGRATION_LOCK)))
            connection.commit()


def _take_your_time(connection: Connection) -> None:
    """For this transaction, not the limits that keep requests short: an index of a large table is
    built for minutes, and a second machine waits until the first has migrated.
    """
    connection.execute(text(f"SET LOCAL statement_timeout = '{_LONGEST_STEP}'"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LONGEST_STEP}'"))


def release(database: Database, settings: Settings, sealer: Sealer) -> None:
    """Migrate, and make the default operator and its accounts from the settings; a changed key
    replaces the old one.
    """
    migrate(database)
    with transaction() as db:
        operator_id = operator_named(db, settings.default_operator)
        for entry in PROVIDERS.values():
            credentials = settings.credentials(entry)
            if not credentials:
                continue
            public = {key: text for key, text in credentials.items() if key not in entry.secrets}
            secrets = {key: text for key, text in credentials.items() if key in entry.secrets}
            for currency in sorted(entry.currencies):
                _keep_account(db, operator_id, entry.name, currency, public, secrets, sealer)


def operator_named(db: Session, name: str) -> int:
    """The operator of this name, made when there is none."""
    db.execute(insert(Operator).values(name=name).on_conflict_do_nothing())
    return db.execute(select(Operator.id).where(Operator.name == name)).scalar_one()


def _keep_account(
    db: Session,
    operator_id: int,
    provider: str,
    currency: str,
    public: dict[str, str],
    secrets: dict[str, str],
    sealer: Sealer,
) -> None:
    account = db.execute(
        select(Account).where(
            Account.operator_id == operator_id,
            Account.provider == provider,
            Account.currency == currency,
            Account.is_default,
        )
    ).scalar_one_or_none()
    if account is None:
        account = Account(
            operator_id=operator_id,
            provider=provider,
            currency=currency,
            name=f"{provider} {currency}",
            is_default=True,
            active=True,
        )
        db.add(account)
    elif account.settings == public and _opens_to(sealer, account.secrets_sealed, secrets):
        return
    account.settings = public
    account.secrets_sealed = sealer.seal(json.dumps(secrets))
    db.flush()
    db.add(
        AuditEntry(
            actor="cli",
            act="account_from_settings",
            subject=f"account:{account.id}",
            detail={"provider": provider},
        )
    )


def _opens_to(sealer: Sealer, sealed: bytes, secrets: dict[str, str]) -> bool:
    try:
        return bool(json.loads(sealer.open(sealed)) == secrets)
    except Unreadable:
        return False
