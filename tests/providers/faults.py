"""The faults that every simulator can play, and what each must lead to."""

from providers.contract import (
    Provider,
)
from tests.providers.harness import (
    IMPATIENT_SECONDS,
    Harness,
)

# Faults after which an answer is none, and whether the provider had done its work by then.
UNDONE = {"silent": {}, "drop": {}, "status": {}, "status_307": {"status": 307}}
DONE = {
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
# Faults that only end when our own time is over.
ENDLESS = ("silent", "silent_after", "slow_after", "drip")


def turn(harness: Harness, operation: str, fault: str) -> Provider:
    """Turn the knob, and give the adapter that need not wait longer than it must."""
    options = (UNDONE | DONE)[fault]
    name = fault.removesuffix("_307").removesuffix("_302")
    harness.turn(operation, name, **options)
    return harness.provider(IMPATIENT_SECONDS) if name in ENDLESS else harness.provider()
