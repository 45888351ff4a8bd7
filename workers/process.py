"""What a worker process has beside its job: built once at its start, before the first job."""

from dataclasses import dataclass

from bot.channel import TwilioChannel
from bot.runtime import Runtime


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
