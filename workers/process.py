"""What a worker process has beside its job: built once at its start, before the first job."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

import structlog

from bot.channel import TwilioChannel
from bot.runtime import Runtime

Arguments = ParamSpec("Arguments")

log = structlog.get_logger(__name__)


class JobFailed(Exception):
    """A job that failed; names the kind of error only.

    RQ keeps the text of a job's exception, and a database's error can hold a phone number.
    """


@dataclass(frozen=True, slots=True)
class Process:
    """The runtime, and the way out to WhatsApp where Twilio is configured."""

    runtime: Runtime
    channel: TwilioChannel | None


class _Current:
    process: Process | None = None


def configure(runtime: Runtime) -> None:
    """Make `runtime` this process's."""
    configured = runtime.settings.twilio_account_sid is not None
    channel = TwilioChannel(runtime.settings, runtime.redis) if configured else None
    _Current.process = Process(runtime, channel)


def current() -> Process:
    """This process's tools. Raises RuntimeError before `configure`."""
    if _Current.process is None:
        raise RuntimeError("this process was not set up for jobs: start it with python -m workers")
    return _Current.process


def job(work: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A job as RQ may see it: what it is about stands in every line of its log, and an error
    becomes a JobFailed. The row is the work: a sweep finds it again.
    """

    @functools.wraps(work)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        about = {"payment": args[0]} if args else {}
        with structlog.contextvars.bound_contextvars(job=work.__name__, **about):
            try:
                work(*args, **kwargs)
            except Exception as error:
                log.exception("job_failed")
                raise JobFailed(type(error).__name__) from None

    return run
