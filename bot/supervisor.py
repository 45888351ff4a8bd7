"""Run several programs as one: their output side by side, restarted when they end, stopped
together.

    start ─▶ running ─▶ ended ─▶ wait 0.5 … 10 s ─▶ start
                 └─ SIGINT, SIGTERM, SIGHUP ─▶ TERM to all ─▶ KILL

KILL comes after the grace, or at the second signal, and only to what still runs.

Every program hangs on a lifeline, so that none is left behind when the supervisor itself is killed.
Why we have one of our own: docs/adr/0003-supervisor-for-the-demo.md.
"""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bot import lifeline

_TICK_SECONDS = 0.1
_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 10.0
_LIVED_WELL_SECONDS = 10.0
_READER_SECONDS = 1.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92")


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: a command, and what it finds in its environment beside what we have ourselves
    (secrets among it).
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_procfile(path: Path) -> dict[str, str]:
    """Name and shell line of each process of a Procfile. Raises ValueError for a line that is
    neither empty nor one.
    """
    lines: dict[str, str] = {}
    for number, raw in enumerate(path.read_text().splitlines(), start=1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        name, colon, line = text.partition(":")
        if not colon or not line.strip() or not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"{path.name}, line {number}: expected `name: command`")
        if name in lines:
            raise ValueError(f"{path.name}, line {number}: {name} stands there twice")
        lines[name] = line.strip()
    return lines


def shell_command(line: str) -> tuple[str, ...]:
    """The arguments that run a Procfile's line, which is one command, in a shell that finds our
    Python's programs first.
    """
    programs = shlex.quote(str(Path(sys.executable).parent))
    return ("/bin/sh", "-c", f"PATH={programs}:$PATH; export PATH; exec {line}")


def run_once(program: Program) -> int:
    """Run a program to its end, its output where ours goes; returns its exit code (negative: ended
    by that signal).
    """
    line = lifeline.command_line(program.command, parent=os.getpid())
    return subprocess.run(line, check=False, env=_environment(program)).returncode  # noqa: S603


def _environment(program: Program) -> dict[str, str]:
    """Ours, handed down as a whole, and the program's own."""
    return {**os.environ, **program.environment}


def write_out(text: str) -> None:
    """Write to standard output at once, also when it is a file or a pipe."""
    sys.stdout.write(text)
    sys.stdout.flush()


class Supervisor:
    """Keeps programs running until it is told to stop. `run` belongs in the main thread."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        write: Callable[[str], object] = write_out,
        colours: bool = False,
        grace_seconds: float = 10.0,
    ) -> None:
        """`write` gets whole lines, from several threads but never from two at once."""
        self._write = write
        self._writing = threading.Lock()
        self._grace_seconds = grace_seconds
        self._signals = 0
        width = max(len(program.name) for program in programs)
        self._children = [
            _Child(program, self._say, _prefix(program.name, width, index if colours else None))
            for index, program in enumerate(programs)
        ]

    def run(self, tick: Callable[[], None] = lambda: None) -> None:
        """Start everything and return when SIGINT, SIGTERM or SIGHUP has come and everything has
        ended.

        `tick` is called ten times a second in between; what it raises stops everything, and is
        raised here.
        """
        before = {each: signal.signal(each, self._hear) for each in _STOP_SIGNALS}
        try:
            while not self._signals:
                for child in self._children:
                    child.keep_running()
                tick()
                time.sleep(_TICK_SECONDS)
        finally:
            self._stop()
            for each, handler in before.items():
                signal.signal(each, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _stop(self) -> None:
        already_heard = self._signals
        deadline = time.monotonic() + self._grace_seconds
        for child in self._children:
            child.terminate()
        while any(child.alive() for child in self._children):
            if time.monotonic() > deadline or self._signals > max(already_heard, 1):
                break
            time.sleep(_TICK_SECONDS / 2)
        for child in self._children:
            child.end()

    def _say(self, prefix: str, line: str) -> None:
        with self._writing:
            self._write(f"{prefix} {line}\n")


class _Child:
    """One program: its process, who reads its output, and when it is started again."""

    def __init__(self, program: Program, say: Callable[[str, str], None], prefix: str) -> None:
        self._program = program
        self._say = say
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._started_at = 0.0
        self._due_at: float | None = 0.0
        self._delay = _FIRST_DELAY_SECONDS

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def keep_running(self) -> None:
        """Start it when it is due; when it has ended, say so and set when it is due again."""
        now = time.monotonic()
        if self._due_at is not None:
            if now >= self._due_at:
                self._start()
        elif not self.alive():
            self._bury()
            if now - self._started_at > _LIVED_WELL_SECONDS:
                self._delay = _FIRST_DELAY_SECONDS
            self._due_at = now + self._delay
            self._say(self._prefix, f"{self._how_it_ended()}; starting again in {self._delay:g} s")
            self._delay = min(self._delay * 2, _LONGEST_DELAY_SECONDS)

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - running commands is what we are for
            lifeline.command_line(self._program.command, parent=os.getpid()),
            env=_environment(self._program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A group of its own: Ctrl-C is for us, and what it leaves behind can be ended as one.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=[self._process], daemon=True)
        self._reader.start()
        self._started_at = time.monotonic()
        self._due_at = None

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as output:
            for line in output:
                self._say(self._prefix, line.decode(errors="replace").rstrip())

    def _how_it_ended(self) -> str:
        code = self._process.returncode if self._process is not None else 0
        if code is not None and code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """End it by force if it still runs, and everything of its group that it left behind."""
        if self._process is not None:
            self._bury()
            self._process.wait()

    def _bury(self) -> None:
        if self._process is None:
            return
        # Mostly nobody is left of the group. (macOS says "not permitted" of a group of zombies.)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._reader is not None:
            self._reader.join(_READER_SECONDS)


def _prefix(name: str, width: int, colour_index: int | None) -> str:
    text = f"{name.ljust(width)} |"
    if colour_index is None:
        return text
    return f"\033[{_COLOURS[colour_index % len(_COLOURS)]}m{text}\033[0m"


def main(arguments: Sequence[str]) -> int:
    """Run the lines of a Procfile (all but `release`, or those named) with our own environment."""
    parser = argparse.ArgumentParser(prog="python -m bot.supervisor", description=main.__doc__)
    parser.add_argument("--procfile", type=Path, default=Path("Procfile"))
    parser.add_argument("--grace-seconds", type=float, default=10.0)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args(arguments)
    lines = read_procfile(options.procfile)
    names = options.names or [name for name in lines if name != "release"]
    unknown = [name for name in names if name not in lines]
    if unknown or not names:
        parser.error(f"{options.procfile} has no process {', '.join(unknown) or 'to run'}")
    Supervisor(
        [Program(name, shell_command(lines[name])) for name in names],
        colours=sys.stdout.isatty(),
        grace_seconds=options.grace_seconds,
    ).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
