"""`python -m providers.simulators`: its settings, its address, its end."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

SETTINGS = {
    "account_sid": "AC" + "5" * 32,
    "auth_token": "token-of-a-test",
    "merchant_key": "key-of-a-test",
    "webhook_url": "http://127.0.0.1:9/whatsapp/inbound",
}


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "providers.simulators", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(SETTINGS), encoding="utf-8")
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_quietly(
    settings_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    customers = tmp_path / "customers.json"
    customers.write_text('[{"name": "Rudo", "phone": "+263772345678", "booking": "KS-1"}]')
    free = _free_port()
    process = start(
        "--settings", str(settings_file), "--customers", str(customers), "--port", str(free)
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip().endswith(f"http://127.0.0.1:{free}/demo")
    setup = requests.get(f"http://127.0.0.1:{free}/demo/setup", timeout=5).json()
    assert setup["customers"][0]["name"] == "Rudo"
    process.send_signal(number)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "loopback"),  # noqa: S104 - it must be refused
        (["--host", "192.168.1.5"], "loopback"),
        (["--customers", "/nowhere.json"], "cannot be read"),
    ],
)
def test_it_refuses_what_it_must_not_do(
    settings_file: Path, arguments: list[str], said: str
) -> None:
    process = start("--settings", str(settings_file), *arguments)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert said in errors
    assert "of-a-test" not in errors


def test_it_names_what_is_missing() -> None:
    process = start("--account-sid", "AC1")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert "auth_token, webhook_url, merchant_key" in errors


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
