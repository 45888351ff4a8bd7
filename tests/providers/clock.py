"""A clock that a test moves on, for time that must be over without anybody waiting for it."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Stands where a module says `time`: the machine's clock, `ahead_seconds` late already, and
    `step_seconds` later at each look.
    """

    ahead_seconds: float = 0.0
    step_seconds: float = 0.0

    def monotonic(self) -> float:
        self.ahead_seconds += self.step_seconds
        return time.monotonic() + self.ahead_seconds

    def time(self) -> float:
        self.ahead_seconds += self.step_seconds
        return time.time() + self.ahead_seconds
