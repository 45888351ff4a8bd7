"""The faults that every simulator can play, and what each must lead to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from providers.answers import TIMED_OUT
from providers.contract import Provider, ProviderUncertain
from tests.providers.harness import IMPATIENT_SECONDS, Harness

# Faults after which an answer is none, and whether the provider had done its work by then.
UNDONE: dict[str, dict[str, float]] = {
    "silent": {},
    "drop": {},
    "status": {},
    "status_307": {"status": 307},
}
DONE: dict[str, dict[str, float]] = {
    "silent_after": {},
    "drop_after": {},
    "status_after": {},
    "status_after_302": {"status": 302},
    "slow_after": {"seconds": 3 * IMPATIENT_SECONDS},
    "html": {},
    "huge": {},
    "charset": {},
    "drip": {},
    "word": {},
}
FAULTS = (*UNDONE, *DONE)
# Faults that only end when our own time is over.
ENDLESS = ("silent", "silent_after", "slow_after", "drip")
# What a busy machine may take to notice that our time is over.
_GENEROUS_SECONDS = 2.0


def turn(harness: Harness, verb: str, fault: str) -> Provider:
    """Turn the knob, and give the adapter that need not wait longer than it must."""
    options = (UNDONE | DONE)[fault]
    name = fault.removesuffix("_307").removesuffix("_302")
    harness.turn(verb, name, **options)
    return harness.impatient() if name in ENDLESS else harness.provider()


@contextmanager
def within(fault: str) -> Iterator[None]:
    """What is done in here does not outlive its deadline."""
    began = time.monotonic()
    yield
    if fault in ENDLESS:
        assert time.monotonic() - began < 2 * IMPATIENT_SECONDS + _GENEROUS_SECONDS


@contextmanager
def in_time(fault: str) -> Iterator[None]:
    """What is done in here ends uncertain, and where only our own time could end it, when that is
    over.
    """
    with within(fault), pytest.raises(ProviderUncertain) as uncertain:
        yield
    if fault in ENDLESS:
        assert uncertain.value.call.code == TIMED_OUT
        assert uncertain.value.call.body == ""
