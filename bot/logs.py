"""Structured logs: JSON lines in production, readable ones elsewhere. No number, code, key or
message text is ever a field.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# What is left of a number or a code that slipped into a text of somebody else's: an error message,
# a library's line.
_DIGITS = re.compile(r"(?<![\w.-])\+?\d[\d \u00a0-]{6,}\d(?![\w-])")
# A link by which somebody of staff chooses a password: it opens their account, and stands in the
# address, which is logged where a page fails.
_INVITATION = re.compile(r"(/join/)[\w-]{20,}")
# Libraries that would log requests with their bodies, or arguments of jobs.
_QUIET = (
    "urllib3",
    "twilio",
    "rq",
    "rq.worker",
    "rq.cron",
    "transitions",
    "werkzeug",
    "sqlalchemy",
    "alembic",
)


def mask(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A last net under every line: long runs of digits in texts, and links of staff, are left
    out.
    """
    for key, value in event.items():
        if isinstance(value, str) and key not in ("timestamp", "payment", "level"):
            event[key] = _DIGITS.sub("[digits]", _INVITATION.sub(r"\1[link]", value))
    return event


def configure_logs(*, json_lines: bool, level: str) -> None:
    """Set up structlog and the standard library's logging for this process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # A kept logger is faster, and can no longer be listened to by a test.
        cache_logger_on_first_use=json_lines,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
