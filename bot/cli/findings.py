"""What a check of a deployment finds: one line each, how bad it is, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.runtime import Runtime


class Level(StrEnum):
    """How bad it is, as it is printed."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. Holds no secret and no phone number."""

    level: Level
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.what}" + (f" ({self.hint})" if self.hint else "")


def ok(what: str) -> Finding:
    """As it should be."""
    return Finding(Level.OK, what)


def warn(what: str, hint: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(Level.WARN, what, hint)


def fail(what: str, hint: str) -> Finding:
    """Payments will not work like this, or not safely."""
    return Finding(Level.FAIL, what, hint)


Check = Callable[[Runtime], Iterator[Finding]]


def run(check: Check, runtime: Runtime) -> Iterator[Finding]:
    """The findings of one check. A check that breaks is a finding itself, and hides no other."""
    try:
        yield from check(runtime)
    except Exception as error:
        # The error's text may hold an address or a key, its type does not.
        subject = check.__name__.removeprefix("check_").replace("_", " ")
        yield fail(f"{subject}: could not be checked", type(error).__name__)
