"""What processes cost: processor seconds and resident memory, read from /proc.

On a shared machine a rate says as much about the neighbours as about us; processor time for each
turn says less about them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_KINDS = {
    "gunicorn": "web",
    "workers replies": "worker replies",
    "workers payments": "worker payments",
    "workers sweeps": "worker sweeps",
    "rq cron": "clock",
    "postgres": "postgresql",
    "valkey": "valkey",
    "redis-server": "valkey",
    "bench.sink": "simulated twilio",
    "providers.simulators": "simulators",
}


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours at one moment."""

    pid: int
    parent: int
    kind: str
    cpu_seconds: float
    resident_bytes: int


def ours() -> list[Process]:
    """This process's descendants, each by its kind; "bench" is what is none of the product."""
    found = {process.pid: process for process in _all()}
    return [process for process in found.values() if _descends(process, found)]


def cpu_by_kind() -> dict[str, float]:
    """Processor seconds used so far, by kind of process."""
    spent: dict[str, float] = {}
    for process in ours():
        spent[process.kind] = spent.get(process.kind, 0.0) + process.cpu_seconds
    return spent


def difference(before: dict[str, float], after: dict[str, float], count: int) -> dict[str, float]:
    """Processor milliseconds for each of `count`, by kind, of those that spent any."""
    spent = {kind: (after[kind] - before.get(kind, 0.0)) * 1000 / count for kind in after}
    return {kind: value for kind, value in spent.items() if value >= 0.005}


def _descends(process: Process, found: dict[int, Process]) -> bool:
    at: Process | None = process
    while at is not None and at.pid != os.getpid():
        at = found.get(at.parent)
    return at is not None and process.pid != os.getpid()


def _all() -> list[Process]:
    processes = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
        except OSError:
            continue
        lifeline = "bot.lifeline" in command
        kind = next((k for word, k in _KINDS.items() if word in command and not lifeline), "bench")
        cpu = (int(stat[11]) + int(stat[12])) / _TICKS
        resident = int(stat[21]) * _PAGE_BYTES
        processes.append(Process(int(folder.name), int(stat[1]), kind, cpu, resident))
    return processes
