"""Switches: what may take new payments now, and who said so. Payments under way never ask here.

    taking ─▶ calls in a row are not answered ─▶ paused by itself ─▶ probed ─▶ answered ─▶ taking
       └────▶ a person pauses ─▶ paused by a person ─▶ a person resumes ──────────────────────┘

What a person paused, only a person resumes. A switch's row is locked after everything else.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import AuditEntry, Staff, Switch
from domain.policy import Policy

ALL = "all"
# Who paused a provider that did not answer; also the actor of the audit trail then.
ITSELF = "itself"
LONGEST_WORDS = 300

_PROVIDER = "provider:"
_SCOPE = re.compile(r"all|operator:[1-9][0-9]*|provider:[a-z0-9_]+")


def operator_scope(operator_id: int) -> str:
    """The scope of everything that one operator sells."""
    return f"operator:{operator_id}"


def provider_scope(provider: str) -> str:
    """The scope of one provider, whoever sells."""
    return f"{_PROVIDER}{provider}"


def paused(db: Session, operator_id: int, providers: Collection[str]) -> dict[str, str | None]:
    """Those of `providers` that may take no new payment of this operator now, each with the words
    for its customers: the provider's, else the operator's, else those for all; None: nobody gave
    any. One query.
    """
    wider = (operator_scope(operator_id), ALL)
    asked = (*(provider_scope(name) for name in providers), *wider)
    words: dict[str, str | None] = {
        row.scope: row.words
        for row in db.execute(
            select(Switch.scope, Switch.words).where(
                Switch.scope.in_(asked), Switch.paused_at.is_not(None)
            )
        )
    }
    found = {}
    for name in providers:
        scopes = [scope for scope in (provider_scope(name), *wider) if scope in words]
        if scopes:
            found[name] = next((words[scope] for scope in scopes if words[scope]), None)
    return found


def pause(db: Session, scope: str, by: str, words: str | None) -> bool:
    """Take no new payments. `by` is a person's e-mail address, or `cli`; `words` are told to
    customers as they stand. Whether anything changed. Raises ValueError for a scope that cannot be,
    and for too many words.
    """
    told = " ".join((words or "").split()) or None
    if _SCOPE.fullmatch(scope) is None:
        raise ValueError("a scope is all, operator:<number> or provider:<name>")
    if told is not None and len(told) > LONGEST_WORDS:
        raise ValueError(f"the words for customers have at most {LONGEST_WORDS} characters")
    db.execute(insert(Switch).values(scope=scope).on_conflict_do_nothing())
    switch = db.execute(_locked(scope)).scalar_one()
    if (switch.paused_by, switch.words) == (by, told):
        return False
    now = func.clock_timestamp()
    switch.paused_at = switch.paused_at or now
    switch.paused_by, switch.words, switch.changed_at = by, told, now
    # A person's pause is not ended by an answer, so nothing is counted and nobody is probed.
    switch.failures, switch.probe_at = 0, None
    _write_down(db, scope, by, "payments_paused", {"words": told} if told else {})
    return True


def resume(db: Session, scope: str, by: str) -> bool:
    """Take new payments again, whoever paused. Whether it was paused."""
    switch = db.execute(_locked(scope, Switch.paused_at.is_not(None))).scalar_one_or_none()
    if switch is None:
        return False
    _open(switch)
    _write_down(db, scope, by, "payments_resumed", {})
    return True


def count_failure(db: Session, provider: str, policy: Policy) -> bool:
    """Count a call that the provider did not answer; with enough of them in a row it pauses itself.
    Whether it was this one that did. One upsert, which leaves alone what is paused already.
    """
    now = func.clock_timestamp()
    enough = Switch.failures + 1 >= policy.pause_after_failures
    first_probe = now + timedelta(seconds=policy.probe_seconds)
    paused_by = db.execute(
        insert(Switch)
        .values(scope=provider_scope(provider), failures=1)
        .on_conflict_do_update(
            index_elements=[Switch.scope],
            set_={
                "failures": Switch.failures + 1,
                "paused_at": case((enough, now)),
                "paused_by": case((enough, ITSELF)),
                "probe_at": case((enough, first_probe)),
                "changed_at": case((enough, now), else_=Switch.changed_at),
            },
            where=Switch.paused_at.is_(None),
        )
        .returning(Switch.paused_by)
    ).scalar_one_or_none()
    if paused_by is None:
        return False
    detail = {"failures": policy.pause_after_failures}
    _write_down(db, provider_scope(provider), ITSELF, "payments_paused", detail)
    return True


def count_answer(db: Session, provider: str) -> bool:
    """The provider answered: failures in a row begin anew, and what paused itself resumes. Whether
    it did. Where nothing is to be changed, one look by primary key that locks nothing.
    """
    news = or_(Switch.failures > 0, Switch.paused_by == ITSELF)
    switch = db.execute(_locked(provider_scope(provider), news)).scalar_one_or_none()
    if switch is None:
        return False
    paused_itself = switch.paused_by == ITSELF
    if paused_itself:
        _open(switch)
        _write_down(db, switch.scope, ITSELF, "payments_resumed", {})
    switch.failures = 0
    return paused_itself


def claim_probe(db: Session, policy: Policy) -> str | None:
    """The name of one provider that paused itself and is to be probed now, for this claimer only.

    It is due again after as long as it has been paused, at least `probe_seconds` and at most
    `probe_longest_seconds`: so the pauses double, and a claimer that dies costs one of them.
    """
    now = func.clock_timestamp()
    switch = db.execute(
        select(Switch)
        .where(Switch.paused_by == ITSELF, Switch.probe_at <= func.statement_timestamp())
        .order_by(Switch.probe_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if switch is None:
        return None
    shortest, longest = (
        timedelta(seconds=seconds)
        for seconds in (policy.probe_seconds, policy.probe_longest_seconds)
    )
    switch.probe_at = now + func.least(func.greatest(now - Switch.paused_at, shortest), longest)
    return switch.scope.removeprefix(_PROVIDER)


def standing(db: Session) -> Sequence[Switch]:
    """The switches that say anything: paused, or with failures counted. By scope."""
    return db.scalars(
        select(Switch)
        .where(or_(Switch.paused_at.is_not(None), Switch.failures > 0))
        .order_by(Switch.scope)
    ).all()


def _locked(scope: str, *conditions: ColumnElement[bool]) -> Select[Switch]:
    return (
        select(Switch)
        .where(Switch.scope == scope, *conditions)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _open(switch: Switch) -> None:
    switch.paused_at = switch.paused_by = switch.words = switch.probe_at = None
    switch.failures, switch.changed_at = 0, func.clock_timestamp()


def _write_down(db: Session, scope: str, by: str, act: str, detail: Mapping[str, object]) -> None:
    staff_id = select(Staff.id).where(Staff.email == by).scalar_subquery()
    db.add(
        AuditEntry(
            actor=by, staff_id=staff_id, act=act, subject=f"switch:{scope}", detail=dict(detail)
        )
    )
