"""What the web view was made with, for every page of it."""

from zoneinfo import ZoneInfo

from flask import current_app

from bot.runtime import Runtime


def runtime() -> Runtime:
    """The runtime of the process."""
    started: Runtime = current_app.extensions["tourpay"]
    return started


def zone() -> ZoneInfo:
    """The zone in which times are shown and days begin."""
    return ZoneInfo(runtime().settings.time_zone)
