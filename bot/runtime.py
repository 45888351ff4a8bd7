"""What one process is made of: settings, connections, keys, the conversation engine. Built once,
when the process starts.
"""

from dataclasses import dataclass

from redis import Redis

from bot.accounts import Accounts
from bot.config import Settings
from bot.links import Links
from bot.logs import configure_logs
from bot.queues import Bell, connect
from bot.shelf import RedisShelf
from bot.vault import Vault
from domain import crashpoints
from domain.database import Database, configure
from domain.policy import Policy
from domain.sealing import Sealer
from flows import conversations
from flows.engine import Engine


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that a turn or a job needs and that outlives it."""

    settings: Settings
    policy: Policy
    database: Database
    redis: "Redis"
    engine: Engine
    vault: Vault
    accounts: Accounts
    links: Links
    messages: Sealer
    answers: Sealer
    authenticators: Sealer
    uploads: Sealer


def _sealer(settings: Settings, purpose: str) -> Sealer:
    previous = settings.secret_key_previous
    return Sealer.of(
        purpose,
        settings.secret_key.get_secret_value(),
        previous.get_secret_value() if previous else None,
    )


def _links(settings: Settings) -> Links:
    previous = settings.secret_key_previous
    return Links.of(
        settings.public_base_url,
        settings.secret_key.get_secret_value(),
        previous.get_secret_value() if previous else None,
    )


def start(settings: Settings, *, pool_size: int = 5) -> Runtime:
    """Build this process's runtime and make its database the current one. The URLs must be set."""
    if settings.database_url is None or settings.redis_url is None:
        raise ValueError("DATABASE_URL and REDIS_URL must be known before a process starts")
    configure_logs(json_lines=settings.environment == "production", level=settings.log_level)
    crashpoints.arm(settings.crash_at, settings.crash_mark)
    redis = connect(settings.redis_url.get_secret_value())
    database = Database(
        settings.database_url.get_secret_value(), pool_size=pool_size, ring=Bell(redis)
    )
    configure(database)
    return Runtime(
        settings=settings,
        policy=settings.policy(),
        database=database,
        redis=redis,
        engine=conversations.engine(),
        vault=Vault(redis, _sealer(settings, "otp vault"), settings.otp_ttl_seconds),
        accounts=Accounts(
            _sealer(settings, "account secrets"),
            settings.timeouts(),
            settings.public_base_url,
            RedisShelf(redis, _sealer(settings, "access tokens")),
        ),
        links=_links(settings),
        messages=_sealer(settings, "messages"),
        answers=_sealer(settings, "answers"),
        authenticators=_sealer(settings, "authenticators"),
        uploads=_sealer(settings, "uploads"),
    )
