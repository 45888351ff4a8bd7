"""The simulated Twilio's knobs: how it misbehaves when a test or the demo asks it to."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REFUSE = "refuse"  # answers with an HTTP status and a code, and did nothing
FAIL = "fail"  # does it, then answers with an HTTP status and a code
SLOW = "slow"  # waits, then does it and answers
LATE = "late"  # does it, then waits before it answers
DROP = "drop"  # cuts the connection and did nothing
LOSE = "lose"  # does it, then cuts the connection: the answer is lost
SILENT = "silent"  # waits without a word, then cuts the connection, and did nothing
FAULT_KINDS = (REFUSE, FAIL, SLOW, LATE, DROP, LOSE, SILENT)
OPERATIONS = ("create", "list", "fetch", "update", "delete", "content", "typing")

NORMAL = "normal"
NONE = "none"
DUPLICATE = "duplicate"
OUT_OF_ORDER = "out_of_order"
CALLBACK_MODES = (NORMAL, NONE, DUPLICATE, OUT_OF_ORDER)


@dataclass(slots=True)
class Fault:
    """One way of misbehaving.

    `count` is how often it still happens (None: until cleared); `to` narrows it to a customer.
    """

    kind: str
    operation: str = "create"
    count: int | None = None
    http_status: int = 500
    code: int = 20500
    seconds: float = 0.0
    to: str = ""


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """How a message fares after it was taken, and what the bot hears of it.

    `error_code` makes it end in `final_status` instead of `delivered`; `step_seconds` is the time
    between two statuses.
    """

    mode: str = NORMAL
    step_seconds: float = 0.15
    read: bool = True
    error_code: int | None = None
    final_status: str = "undelivered"


@dataclass(frozen=True, slots=True)
class Turned:
    """Where the knobs stand. `latency_seconds` is added to every API call."""

    latency_seconds: float = 0.0
    window_seconds: float = 24 * 3600.0
    callbacks: CallbackPlan = field(default_factory=CallbackPlan)


class Knobs:
    """The knobs of one simulator. Safe for many threads."""

    def __init__(self, rest: Turned) -> None:
        self._lock = threading.Lock()
        self._rest = rest
        self._faults: list[Fault] = []
        self.turned = rest

    def reset(self) -> None:
        """Back to good behaviour."""
        with self._lock:
            self._faults = []
            self.turned = self._rest

    def turn(self, request: Mapping[str, Any]) -> None:
        """Turn what is named and leave the rest. Raises ValueError for a word that is no knob.

        `faults` replaces the list of faults; `latency_ms`, `window_seconds` and the fields of
        `callbacks` (`mode`, `step_ms`, `read`, `error_code`, `final_status`) are set one by one.
        """
        unknown = set(request) - {"faults", "latency_ms", "window_seconds", "callbacks"}
        if unknown:
            raise ValueError(f"no such knob: {', '.join(sorted(unknown))}")
        faults = [_read_fault(fault) for fault in request.get("faults", ())]
        with self._lock:
            turned = self.turned
            if "latency_ms" in request:
                turned = replace(turned, latency_seconds=float(request["latency_ms"]) / 1000)
            if "window_seconds" in request:
                turned = replace(turned, window_seconds=float(request["window_seconds"]))
            if "callbacks" in request:
                plan = _read_plan(turned.callbacks, request["callbacks"])
                turned = replace(turned, callbacks=plan)
            self.turned = turned
            if "faults" in request:
                self._faults = faults

    def take(self, operation: str, to: str = "") -> Fault | None:
        """The fault that this call meets, used up by one; None for good behaviour."""
        with self._lock:
            for fault in self._faults:
                if fault.operation == operation and fault.to in ("", to) and fault.count != 0:
                    if fault.count is not None:
                        fault.count -= 1
                    return fault
        return None

    def to_json(self) -> dict[str, object]:
        """Where the knobs stand, as JSON."""
        with self._lock:
            plan = self.turned.callbacks
            return {
                "latency_ms": self.turned.latency_seconds * 1000,
                "window_seconds": self.turned.window_seconds,
                "callbacks": {
                    "mode": plan.mode,
                    "step_ms": plan.step_seconds * 1000,
                    "read": plan.read,
                    "error_code": plan.error_code,
                    "final_status": plan.final_status,
                },
                "faults": [
                    {"kind": fault.kind, "operation": fault.operation, "count": fault.count}
                    for fault in self._faults
                ],
            }


def _read_fault(given: Mapping[str, Any]) -> Fault:
    known = {"kind", "operation", "count", "http_status", "code", "seconds", "to"}
    unknown = set(given) - known
    if unknown or "kind" not in given:
        raise ValueError(f"a fault has a kind and some of {', '.join(sorted(known))}")
    fault = Fault(**given)
    if fault.kind not in FAULT_KINDS:
        raise ValueError(f"a fault's kind is one of {', '.join(FAULT_KINDS)}")
    if fault.operation not in OPERATIONS:
        raise ValueError(f"a fault's operation is one of {', '.join(OPERATIONS)}")
    return fault


def _read_plan(plan: CallbackPlan, given: Mapping[str, Any]) -> CallbackPlan:
    unknown = set(given) - {"mode", "step_ms", "read", "error_code", "final_status"}
    if unknown:
        raise ValueError(f"callbacks have no {', '.join(sorted(unknown))}")
    mode = str(given.get("mode", plan.mode))
    if mode not in CALLBACK_MODES:
        raise ValueError(f"the callbacks' mode is one of {', '.join(CALLBACK_MODES)}")
    code = given.get("error_code", plan.error_code)
    return CallbackPlan(
        mode=mode,
        step_seconds=float(given["step_ms"]) / 1000 if "step_ms" in given else plan.step_seconds,
        read=bool(given.get("read", plan.read)),
        error_code=None if code is None else int(code),
        final_status=str(given.get("final_status", plan.final_status)),
    )
