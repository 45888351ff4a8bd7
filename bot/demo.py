"""The whole product on one machine, with simulators in the place of Twilio and the providers.

    servers ─▶ release ─▶ sample bookings ─▶ simulators, web, workers, clock ─▶ addresses ─▶ Ctrl-C

Everything listens on 127.0.0.1 only. The data stays in the folder `.data` until the next start.
"""

import argparse
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import requests

from bot.config import Settings, SettingsError, load_settings, revealed
from bot.demo_setting import ADMINS, ROOT, SAMPLES, Demo
from bot.embedded import EmbeddedServers, FolderInUse
from bot.embedded_process import EmbeddedServerError, write_private
from bot.supervisor import Program, Supervisor, read_procfile, run_once, shell_command, write_out

_READY_SECONDS = 60.0
_PORTS_TRIED = 100


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo until Ctrl-C. Returns 0 when it was stopped, 1 when it could not run."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo", description=main.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--simulators-port", type=int, default=5002)
    options = parser.parse_args(arguments)
    os.chdir(ROOT)

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    try:
        settings = load_settings()
        folder = settings.data_folder.absolute()
        _run(settings, folder, options.port, options.simulators_port)
    except KeyboardInterrupt:
        # Stopped while it was still starting.
        pass
    except (DemoFailed, EmbeddedServerError, SettingsError) as error:
        _say(f"The demo cannot run: {error}")
        return 1
    _say("Stopped. The data is kept for the next start.")
    return 0


def _run(settings: Settings, folder: Path, port: int, simulators_port: int) -> None:
    if settings.environment == "production":
        raise DemoFailed("ENVIRONMENT is production, where simulators have no place")
    _say("Starting PostgreSQL and Valkey, unless DATABASE_URL and REDIS_URL name yours …")
    servers = _servers(settings, folder)
    # A demo that was killed has left its address behind.
    (folder / "demo.address").unlink(missing_ok=True)
    try:
        _run_on(servers, port, simulators_port)
    finally:
        (folder / "demo.address").unlink(missing_ok=True)
        servers.leave()


def _run_on(servers: EmbeddedServers, port: int, simulators_port: int) -> None:
    web_port = choose_port(port, frozenset())
    demo = Demo(
        servers.folder,
        web_port,
        choose_port(simulators_port, frozenset({web_port})),
        _kept_secret(servers.folder / "secret"),
    )
    environment = demo.environment(servers.urls)
    write_private(servers.folder / "demo.env", environment_file(environment))
    lines = read_procfile(ROOT / "Procfile")
    _do("release", Program("release", shell_command(lines.pop("release")), environment))
    command = f"flask --app wsgi bookings import {SAMPLES}"
    _do("sample bookings", Program("samples", shell_command(command), environment))
    for email in ADMINS:
        command = f"flask --app wsgi staff add {email} --role admin"
        _do(f"a sign-in for {email}", Program("staff", shell_command(command), environment))

    programs = [demo.simulators()]
    programs += [Program(name, shell_command(line), environment) for name, line in lines.items()]
    threading.Thread(target=_announce, args=[demo], daemon=True).start()
    supervisor = Supervisor(programs, colours=sys.stdout.isatty())
    supervisor.run(tick=lambda: _revive(servers))


def environment_file(environment: Mapping[str, str]) -> str:
    """The demo's environment for a shell: `set -a; . .data/demo.env; set +a` before a command."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())


def _servers(settings: Settings, folder: Path) -> EmbeddedServers:
    servers = EmbeddedServers(
        folder,
        database_url=revealed(settings.database_url),
        redis_url=revealed(settings.redis_url),
    )
    try:
        return servers.enter()
    except FolderInUse as error:
        raise DemoFailed(f"{error}.{_seen(folder)}") from None


def _do(what: str, program: Program) -> None:
    _say(f"Running: {what} …")
    code = run_once(program)
    if code != 0:
        raise DemoFailed(f"{what} ended with exit code {code}; the lines above say why")


def _revive(servers: EmbeddedServers) -> None:
    for name in servers.revive():
        _say(f"{name} had ended and was started again.")


def _announce(demo: Demo) -> None:
    """Wait until the web process is ready, then say where everything is."""
    deadline = time.monotonic() + _READY_SECONDS
    while not _is_ready(demo):
        if time.monotonic() > deadline:
            _say(f"Not ready after {_READY_SECONDS:.0f} s; the lines above say why. Ctrl-C stops.")
            return
        time.sleep(0.2)
    write_private(demo.folder / "demo.address", f"{demo.web_url}/demo")
    _say(
        "\n"
        f"  {demo.web_url}/demo      a phone: write `pay`, booking KS-2024-001\n"
        f"  {demo.web_url}/admin     the web view: {' and '.join(ADMINS)}, by the links above\n"
        f"  {demo.web_url}/readyz    is it ready\n"
        f"  {demo.simulators_url}          the simulated Twilio and providers\n"
        "\n"
        "  Ctrl-C stops everything and keeps the data.\n"
    )


def _is_ready(demo: Demo) -> bool:
    try:
        return requests.get(f"{demo.web_url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def choose_port(wanted: int, others: frozenset[int]) -> int:
    """The first free port from `wanted` on that is none of `others`; says so when it is another."""
    for port in range(wanted, min(wanted + _PORTS_TRIED, 65536)):
        if port not in others and _is_free(port):
            if port != wanted:
                _say(f"Port {wanted} is taken: using {port}.")
            return port
    raise DemoFailed(f"no free port from {wanted} on")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections that have just ended do not make a port taken; somebody who listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _kept_secret(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    return path.read_text()


def _seen(folder: Path) -> str:
    try:
        return f" Is it a demo? Then see {(folder / 'demo.address').read_text()}"
    except OSError:
        return ""


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    write_out(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
