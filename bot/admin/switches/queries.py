"""What may take new payments now, as far as it concerns whoever looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admin.scope import Scope
from domain import switches
from domain.models import Account, Operator, Switch
from providers.registry import PROVIDERS

_LONGEST_LIST = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that can be paused. `switch` None: nothing was ever said of it."""

    scope: str
    kind: str
    title: str
    switch: Switch | None

    @property
    def is_paused(self) -> bool:
        """Whether it takes no new payments."""
        return self.switch is not None and self.switch.paused_at is not None


def lines(db: Session, scope: Scope) -> Sequence[Line]:
    """Everything, the operators and the providers that whoever looks may see."""
    known = {
        switches.ALL: ("Everything", "All new payments"),
        **{
            switches.provider_scope(name): ("Provider", PROVIDERS[name].title)
            for name in _providers(db, scope)
        },
        **{
            switches.operator_scope(number): ("Operator", name)
            for number, name in db.execute(
                select(Operator.id, Operator.name)
                .where(scope.keeps(Operator.id))
                .order_by(Operator.name)
                .limit(_LONGEST_LIST)
            )
        },
    }
    rows: Mapping[str, Switch] = {
        switch.scope: switch for switch in db.scalars(select(Switch).where(Switch.scope.in_(known)))
    }
    return [Line(name, *words, rows.get(name)) for name, words in known.items()]


def _providers(db: Session, scope: Scope) -> Sequence[str]:
    """All of them for admins; for others those that they have accounts with."""
    if scope.operator_id is None:
        return list(PROVIDERS)
    own = set(
        db.scalars(select(Account.provider).where(scope.keeps(Account.operator_id)).distinct())
    )
    return [name for name in PROVIDERS if name in own]


def one(db: Session, scope: str) -> Line | None:
    """One of them, for an admin; None where there is no such thing."""
    return next((line for line in lines(db, Scope(None)) if line.scope == scope), None)
