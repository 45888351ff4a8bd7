"""Counting the calls that a provider does not answer, and probing one that takes no new payments
because of them.

    claim ▸ COMMIT ▸ probe ▸ answered? resume. Not: it is due again later, by the claim
"""

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import switches
from domain.database import repeat, transaction
from domain.models import Account
from providers.answers import NO_ANSWER, REDIRECTED, TOO_LARGE, UNREADABLE
from providers.contract import Call, Provider, ProviderError
from workers.process import current, job

log = structlog.get_logger(__name__)

# A page that says "back soon" with status 200 is not the provider, but something is there.
_NEITHER = frozenset({TOO_LARGE, REDIRECTED, UNREADABLE})


def count(db: Session, provider: str, call: Call) -> None:
    """Count one call to a provider. Last in its transaction, because other workers count at the
    same row.

    No answer is a connection that was refused, lost or timed out, and 5xx. What we refused before
    anything was sent says nothing of the provider, nor does a body that cannot be read.
    """
    if call.code in NO_ANSWER:
        if switches.count_failure(db, provider, current().runtime.policy):
            log.warning("provider_paused", provider=provider)
    elif call.http_status is None or call.code in _NEITHER:
        return
    elif switches.count_answer(db, provider):
        log.warning("provider_resumed", provider=provider)


@job
def probe_paused() -> None:
    """Ask each provider that paused itself, and is due, whether it is there again. Harmless when
    doubled.
    """
    policy = current().runtime.policy
    while (provider := repeat(lambda db: switches.claim_probe(db, policy))) is not None:
        _probe(provider)


def _probe(provider: str) -> None:
    with transaction() as db:
        adapter = _adapter(db, provider)
    if adapter is None:
        log.error("provider_not_probed", provider=provider)
        return
    # No transaction is open here: a provider that is away takes its time.
    try:
        call = adapter.probe()
    except ProviderError as error:
        call = error.call
    repeat(lambda db: count(db, provider, call))


def _adapter(db: Session, provider: str) -> Provider | None:
    """The adapter of any active account: another one each time, so that one whose secrets cannot be
    read does not keep the others waiting.
    """
    account_id = db.execute(
        select(Account.id)
        .where(Account.provider == provider, Account.active)
        .order_by(func.random())
        .limit(1)
    ).scalar_one_or_none()
    if account_id is None:
        return None
    return current().runtime.accounts.usable(db, account_id)
