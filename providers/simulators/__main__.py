"""Run the simulators on this machine: `python -m providers.simulators --port 5002 --settings
FILE.json`.

Every setting may stand in the JSON file under its long name with underscores; an argument wins over
the file. Keep the auth token and the merchant key in the file, where no list of processes shows
them.
"""

import argparse
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from providers.simulators.cashfree import CashfreeSimulatorSettings
from providers.simulators.kaspi import KaspiSimulatorSettings
from providers.simulators.omari import OmariSimulatorSettings
from providers.simulators.phone import Customer, PhoneSettings
from providers.simulators.phonepe import PhonePeSimulatorSettings
from providers.simulators.server import SimulatorSettings, create_app
from providers.simulators.twilio import TwilioSettings

DEFAULTS: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 5002,
    "account_sid": "",
    "auth_token": "",
    "whatsapp_number": "+14155238886",
    "webhook_url": "",
    "fallback_url": "",
    "merchant_key": "",
    "merchant_name": "KALAI SAFARIS",
    "business_name": "Tourpay",
    "omari_book": "",
    "customers": [],
    "kaspi": None,
    "phonepe": None,
    "cashfree": None,
}
Told = TypeVar("Told")
REQUIRED = ("account_sid", "auth_token", "webhook_url", "merchant_key")


class SettingsWrong(ValueError):
    """The simulators cannot start like this; the message names the setting."""


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each request: paths and queries hold phone numbers."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def read_settings(arguments: Sequence[str]) -> dict[str, Any]:
    """All settings, from the defaults, the file and the command line. Raises SettingsWrong."""
    parser = argparse.ArgumentParser(prog="python -m providers.simulators", description=__doc__)
    parser.add_argument("--settings", type=Path, help="a JSON file with any of the settings")
    parser.add_argument("--customers", type=Path, help="a JSON list of {name, phone, booking}")
    for name, default in DEFAULTS.items():
        if isinstance(default, str | int):
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(default))
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value}
    settings = dict(DEFAULTS)
    if "settings" in given:
        from_file = _read_json(given.pop("settings"))
        unknown = set(from_file) - set(DEFAULTS)
        if unknown:
            raise SettingsWrong(f"unknown in the settings file: {', '.join(sorted(unknown))}")
        settings.update(from_file)
    if "customers" in given:
        given["customers"] = _read_json(given["customers"])
    settings.update(given)
    _check(settings)
    return settings


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise SettingsWrong(f"{path} cannot be read: {type(problem).__name__}") from problem


def _check(settings: dict[str, Any]) -> None:
    missing = [name for name in REQUIRED if not settings[name]]
    if missing:
        raise SettingsWrong(f"missing: {', '.join(missing)}")
    if settings["host"] not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsWrong("host must be a loopback address: simulators are for this machine only")


def build(settings: dict[str, Any]) -> SimulatorSettings:
    """The settings as the application takes them. Raises SettingsWrong for bad customers."""
    try:
        customers = tuple(Customer(**customer) for customer in settings["customers"])
    except TypeError as problem:
        raise SettingsWrong("customers must be a list of {name, phone, booking}") from problem
    book = settings["omari_book"]
    return SimulatorSettings(
        twilio=TwilioSettings(
            account_sid=settings["account_sid"],
            auth_token=settings["auth_token"],
            whatsapp_number=settings["whatsapp_number"],
            webhook_url=settings["webhook_url"],
            fallback_url=settings["fallback_url"],
        ),
        omari=OmariSimulatorSettings(
            merchant_key=settings["merchant_key"],
            merchant_name=settings["merchant_name"],
            book_path=Path(book) if book else None,
        ),
        phone=PhoneSettings(settings["business_name"], customers),
        kaspi=_told(KaspiSimulatorSettings, settings, "kaspi"),
        phonepe=_told(PhonePeSimulatorSettings, settings, "phonepe"),
        cashfree=_told(CashfreeSimulatorSettings, settings, "cashfree"),
    )


def _told(kind: Callable[..., Told], settings: dict[str, Any], name: str) -> Told | None:
    """A provider's settings, an object of their own in the file; None: it is not played."""
    if settings[name] is None:
        return None
    try:
        return kind(**settings[name])
    except TypeError as problem:
        raise SettingsWrong(f"{name} must hold the settings of that simulator") from problem


def _stop_when_told(server: BaseWSGIServer) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread runs, so another one has to ask for
        # it.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or Ctrl-C. The exit code is 2 where the settings are wrong."""
    try:
        settings = read_settings(arguments)
        app = create_app(build(settings))
    except SettingsWrong as problem:
        sys.stderr.write(f"simulators: {problem}\n")
        return 2
    # werkzeug warns that its server is no production server, which these simulators must never be.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    host, port = settings["host"], settings["port"]
    try:
        server = make_server(host, port, app, threaded=True, request_handler=QuietHandler)
    except OSError as problem:
        sys.stderr.write(f"simulators: cannot listen on {host}:{port}: {problem.strerror}\n")
        return 1
    _stop_when_told(server)
    sys.stdout.write(f"Simulators are ready: http://{host}:{server.server_port}/demo\n")
    sys.stdout.flush()
    with server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
