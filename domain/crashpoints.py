"""Named places where a process can be told to die, so that tests can prove that nothing is lost
there.

`CRASH_AT=<name>` kills the process with SIGKILL when it gets there, once: the file `CRASH_MARK`
remembers that it did. Production refuses the setting. `flask --app wsgi crashpoints` lists the
names.
"""

import os
import signal
import threading
from pathlib import Path

POINTS = {
    "message_filed": "web: the message is filed and committed, not yet heard",
    "turn_written": "web: the turn is written, not yet committed; the code is in the vault",
    "turn_committed": "web: the turn is committed; no session saved, nobody nudged",
    "start_leased": "worker: the lease for asking for the code is committed, nothing sent",
    "start_calling": "worker: the provider has the request for the code, its answer is awaited",
    "start_answered": "worker: the provider sent the code, not yet recorded",
    "code_read": "worker: the code is read from the vault, the lease not yet committed",
    "confirm_leased": "worker: the lease for the code is committed, nothing sent",
    "confirm_calling": "worker: the provider has the code, its answer is awaited",
    "confirm_answered": "worker: the provider has answered, nothing is recorded",
    "settle_written": "worker: the money is written, not yet committed",
    "settled": "worker: the money is committed; nobody is told yet",
    "refund_leased": "worker: the lease for the refund is committed, nothing sent",
    "refund_calling": "worker: the provider has the refund, its answer is awaited",
    "refund_answered": "worker: the provider has answered the refund, nothing is recorded",
    "event_written": "worker: the turn that tells is written, not yet committed",
    "event_committed": "worker: the turn that tells is committed; nobody is nudged to send it",
    "reply_claimed": "worker: the reply is claimed for sending, not yet handed to Twilio",
    "reply_handed_over": "worker: Twilio has the reply, not yet recorded",
}

_DURING_SECONDS = 0.3


class _Armed:
    point: str | None = None
    mark: Path | None = None


def arm(point: str | None, mark: Path | None) -> None:
    """Die at `point`, unless `mark` says that somebody did already. Raises ValueError for a name
    that is not listed.
    """
    if point is not None and point not in POINTS:
        raise ValueError(f"no crash point is called {point!r}; there are: {', '.join(POINTS)}")
    _Armed.point, _Armed.mark = point, mark


def reach(point: str) -> None:
    """Die here if this is the armed point."""
    if point == _Armed.point:
        _die()


def reach_during(point: str) -> None:
    """Die a moment from now if this is the armed point: while the call that follows is
    under way.
    """
    if point == _Armed.point:
        threading.Timer(_DURING_SECONDS, _die).start()


def _die() -> None:
    if _Armed.mark is not None:
        try:
            _Armed.mark.touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
