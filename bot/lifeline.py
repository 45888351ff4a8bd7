"""Run a command that ends when the process that started it ends, however that one ended.

    python bot/lifeline.py [--signal TERM] [--parent PID] [--user NAME] [--watch] COMMAND ARGUMENTS…

Linux: the kernel is asked for a signal at the parent's death (PR_SET_PDEATHSIG); then the command
takes this process's place, so its process id is the one that the starter knows. "Parent" means the
starter's *thread*: start long-lived commands from the main thread. Elsewhere, or with `--watch`,
this process stays between the two and looks every 0.2 s.

The file imports nothing but the standard library, so that it starts in milliseconds and by its
path.
"""

import argparse
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT, "KILL": signal.SIGKILL}
_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 0.2
_GRACE_SECONDS = 10.0
_ORPHANED_EXIT_CODE = 125


def command_line(
    command: Sequence[str], *, parent: int, end_with: str = "TERM", user: str | None = None
) -> list[str]:
    """The arguments that run `command` on a lifeline held by the process `parent`.

    `end_with` is TERM, INT or KILL; `user` is the account to change to first, which only root may
    ask for.
    """
    line = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
    line += ["--signal", end_with, "--parent", str(parent)]
    if user is not None:
        line += ["--user", user]
    return [*line, "--", *command]


def main(arguments: Sequence[str]) -> int:
    """Become the command, or watch over it; returns an exit code only in the second case, or when
    it cannot begin.
    """
    options = _parse(arguments)
    parent = options.parent if options.parent is not None else os.getppid()
    if options.user is not None:
        _become(options.user)
    if options.watch or not sys.platform.startswith("linux"):
        return _watch(options.command, parent, _SIGNALS[options.signal])

    # After the change of user, because the kernel forgets the request when the user changes.
    _ask_for_signal(_SIGNALS[options.signal])
    if os.getppid() != parent:
        # The parent died before the kernel knew of our wish: no signal will ever come.
        return _ORPHANED_EXIT_CODE
    try:
        os.execvp(options.command[0], options.command)  # noqa: S606 - running it is what we are for
    except OSError as error:
        sys.stderr.write(f"lifeline: {options.command[0]}: {error.strerror}\n")
        return 127


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lifeline", description=__doc__)
    parser.add_argument("--signal", choices=sorted(_SIGNALS), default="TERM")
    parser.add_argument("--parent", type=int, help="who must still be our parent; default: who is")
    parser.add_argument("--user", help="change to this account first (root only)")
    parser.add_argument("--watch", action="store_true", help="do without the kernel's help")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.command[:1] == ["--"]:
        options.command = options.command[1:]
    if not options.command:
        parser.error("a command is needed")
    return options


def _become(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _ask_for_signal(wanted: signal.Signals) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, int(wanted), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def _watch(command: Sequence[str], parent: int, wanted: signal.Signals) -> int:
    """Start the command, hand signals on to it, and end it when our parent is gone. Returns its
    exit code.
    """
    # Inherited descriptors are kept open: a command may hold its owner's lock by one of them.
    child = subprocess.Popen(command, close_fds=False)  # noqa: S603 - running it is what we are for
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, lambda number, _frame: child.send_signal(number))
    while os.getppid() == parent:
        try:
            return _exit_code(child.wait(_WATCH_SECONDS))
        except subprocess.TimeoutExpired:
            continue
    child.send_signal(wanted)
    deadline = time.monotonic() + _GRACE_SECONDS
    while child.poll() is None:
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(_WATCH_SECONDS)
    return _ORPHANED_EXIT_CODE


def _exit_code(returned: int) -> int:
    """A shell's way of saying it: 128 and the signal's number for a command that a signal ended."""
    return returned if returned >= 0 else 128 - returned


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
