"""Knobs of one provider, beside those of the wire: they change what it does, not its bytes."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Manner:
    """One fault waiting to happen, `times` times or (None) until it is cleared."""

    operation: str
    fault: str
    times: int | None = 1
    seconds: float = 0.2


class Manners:
    """The manners that are turned on, in that order. Threads may share it.

    `known` says which faults each operation may have; `any` stands for every operation.
    """

    def __init__(self, known: Mapping[str, frozenset[str]]) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._manners: list[Manner] = []

    def knows(self, wish: Mapping[str, object]) -> bool:
        """Whether this wish is for one of these knobs."""
        operation, fault = str(wish.get("operation", "any")), wish.get("fault")
        return fault in self._known.get(operation, frozenset())

    def turn(self, wish: Mapping[str, object]) -> None:
        """Add the knob that a JSON object describes; raises ValueError for a wrong part."""
        times, seconds = wish.get("times", 1), wish.get("seconds", 0.2)
        unknown = set(wish) - {"operation", "fault", "times", "seconds"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int)):
            raise ValueError("times must be a number or null")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError("seconds must be a number")
        operation = str(wish.get("operation", "any"))
        with self._lock:
            self._manners.append(Manner(operation, str(wish["fault"]), times, seconds))

    def take(self, operation: str, *faults: str) -> Manner | None:
        """The first of these faults that counts for this operation; it is used up by that."""
        with self._lock:
            for manner in self._manners:
                if manner.operation in (operation, "any") and manner.fault in faults:
                    if manner.times is not None:
                        manner.times -= 1
                        if manner.times <= 0:
                            self._manners.remove(manner)
                    return manner
        return None

    def take_whole(self, operation: str) -> Manner | None:
        """The first fault of this operation, used up at once: its `times` count something else."""
        with self._lock:
            for manner in self._manners:
                if manner.operation == operation:
                    self._manners.remove(manner)
                    return manner
        return None

    def clear(self) -> None:
        with self._lock:
            self._manners.clear()

    def listing(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(manner) for manner in self._manners]
