"""Shifts this Python's clocks by SKEW_SECONDS; loaded by Python itself where PYTHONPATH names its
folder.
"""

import datetime
import os
import sys
import time

_SECONDS = float(os.environ.get("SKEW_SECONDS", "0"))
_TRUE_TIME = time.time
_TRUE_DATETIME = datetime.datetime


class _AsTheTrueOne(type):
    """Whatever is a datetime is one of the shifted kind too: drivers make true ones."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _TRUE_DATETIME)


class _Shifted(_TRUE_DATETIME, metaclass=_AsTheTrueOne):
    """A datetime whose now is shifted; else the same. Of the same size, which drivers look at."""

    __slots__ = ()

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return _TRUE_DATETIME.fromtimestamp(_shifted_time(), tz)


def _shifted_time() -> float:
    return _TRUE_TIME() + _SECONDS


def _shift() -> None:
    datetime.datetime = _Shifted  # type: ignore[misc]
    time.time = _shifted_time
    sys.stderr.write(f"clock shifted by {_SECONDS:.0f} s\n")


if _SECONDS:
    _shift()
