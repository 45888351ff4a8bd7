"""Nudges: "look at this row now", promised inside a transaction and rung after its commit.

The row is the work; a nudge only saves waiting for the next sweep. So ringing may fail, repeat or
get lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Nudge:
    """A job by its dotted name, on a queue, with one id or none. Never a name, a number or
    a code.
    """

    job: str
    queue: str
    subject: str | None = None


_PROMISES = "nudges"


def promise(db: Session, nudge: Nudge) -> None:
    """Ring after this transaction's commit, once however often it was promised."""
    promised: dict[Nudge, None] = db.info.setdefault(_PROMISES, {})
    promised[nudge] = None


def take(db: Session) -> tuple[Nudge, ...]:
    """What this transaction promised, handed over once."""
    return tuple(db.info.pop(_PROMISES, {}))


Ring = Callable[[Sequence[Nudge]], None]


def silence(nudges: Sequence[Nudge]) -> None:
    """Ring nobody: the sweeps will find the rows."""
