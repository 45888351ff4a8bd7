"""Run each provider's official SDK against its simulator: `python -m tests.sdk.run`.

Each SDK gets an environment of its own below `.venv-sdk`, since they pin what we do not. The exit
code is 1 where anything differs.
"""

import importlib
import importlib.util
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from providers.simulators.cashfree import CashfreeSimulatorSettings, create_cashfree

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
APP_ID = "TEST_APP_ID_0001"
SECRET_KEY = "simulated-secret-key"
CHECK_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Check:
    """One SDK: its package, pinned; the script beside this file; what the script must be told."""

    name: str
    requirement: str
    script: str
    arguments: tuple[str, ...] = ()


CHECKS = (
    Check(
        "cashfree",
        "cashfree_pg==6.0.1",
        "cashfree_check.py",
        ("--app-id", APP_ID, "--secret-key", SECRET_KEY),
    ),
    Check("phonepe", "phonepe-pg-sdk-python==3.0.1", "phonepe_check.py"),
)


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main() -> int:
    """Run every check and print a table."""
    results: dict[str, str] = {}
    with simulators() as (address, mounted):
        for check in CHECKS:
            if check.name not in mounted or not (HERE / check.script).exists():
                say(f"!!! {check.name} is SKIPPED: its simulator or its script is not there")
                results[check.name] = "skipped"
                continue
            results[check.name] = "ok" if passes(check, f"{address}/{check.name}") else "WRONG"
    say("")
    for name, result in results.items():
        say(f"{name:12} {result}")
    return 1 if "WRONG" in results.values() else 0


@contextmanager
def simulators() -> Iterator[tuple[str, frozenset[str]]]:
    """The simulators on a free port of this machine: the address, and which there are."""
    blueprints = {
        "cashfree": create_cashfree(CashfreeSimulatorSettings(APP_ID, SECRET_KEY)),
        **phonepe(),
    }
    app = Flask("simulators")
    for name, blueprint in blueprints.items():
        app.register_blueprint(blueprint, url_prefix=f"/{name}")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", frozenset(blueprints)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def phonepe() -> dict[str, Blueprint]:
    """PhonePe's simulator with its own settings, where there is one."""
    if importlib.util.find_spec("providers.simulators.phonepe") is None:
        return {}
    module = importlib.import_module("providers.simulators.phonepe")
    return {"phonepe": module.create_phonepe(module.PhonePeSimulatorSettings())}


def passes(check: Check, url: str) -> bool:
    """Run one script in the environment of its SDK."""
    python = environment(check)
    if python is None:
        return False
    command = [str(python), str(HERE / check.script), "--url", url, *check.arguments]
    try:
        return subprocess.run(command, timeout=CHECK_SECONDS, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        say(f"{check.name}: not done within {CHECK_SECONDS} s")
        return False


def environment(check: Check) -> Path | None:
    """The Python of an environment that has the SDK; None where it cannot be installed."""
    folder = ROOT / ".venv-sdk" / check.requirement.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        say(f"{check.name}: installing {check.requirement}")
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        if subprocess.run([*command, check.requirement], check=False).returncode != 0:
            say(f"{check.name}: {check.requirement} could not be installed")
            return None
        (folder / "ready").touch()
    return python


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
