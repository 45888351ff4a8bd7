"""The demo's launcher: what it hands to the processes, and when it refuses."""

import csv
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Settings
from bot.demo import choose_port
from bot.demo_setting import OPERATOR, ROOT, SAMPLES, Demo, sample_customers
from bot.embedded import EmbeddedServers, ServerUrls
from providers.simulators.__main__ import build, read_settings

COLUMNS = (
    "reference,tour_id,tour_name,start_date,customer_name,customer_phone,total,currency,"
    "operator,paid,email,deposit,balance_due_on"
)
FOR_THE_PROGRAMS = {"HOST", "PORT", "PYTHONUNBUFFERED"}


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path, 5000, 5002, "a secret of this folder")


def run_demo(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the launcher where it must refuse, which it does before it starts anything."""
    return subprocess.run(
        [sys.executable, "-m", "bot.demo", "--port", "5900"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_FOLDER": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_is_handed_down_is_what_the_settings_know(demo: Demo) -> None:
    environment = demo.environment(ServerUrls("postgresql+psycopg://d/t", "redis://r/0"))
    known = {name.upper() for name in Settings.model_fields}
    assert set(environment) - known == FOR_THE_PROGRAMS
    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    assert settings.simulators_url == "http://127.0.0.1:5002"


def test_the_keys_are_the_same_at_every_start_and_differ_by_purpose(demo: Demo) -> None:
    again = Demo(demo.folder, 5001, 5003, demo.secret)
    other = Demo(demo.folder, 5000, 5002, "the secret of another folder")
    assert demo.key("omari") == again.key("omari")
    assert len({demo.key("omari"), demo.key("twilio token"), other.key("omari")}) == 3
    assert demo.secret not in repr(demo)


def test_the_simulators_take_what_they_are_given_and_no_key_is_an_argument(demo: Demo) -> None:
    program = demo.simulators()
    settings = build(read_settings(program.command[3:]))
    assert settings.twilio.auth_token == demo.key("twilio token")
    assert settings.omari.merchant_key == demo.key("omari")
    assert settings.phone.customers[0].booking == "KS-2024-001"
    assert demo.key("omari") not in " ".join(program.command)
    assert (demo.folder / "simulators.json").stat().st_mode & 0o077 == 0


def test_the_samples_have_the_columns_of_an_import() -> None:
    with (ROOT / SAMPLES).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert ",".join(rows[0]) == COLUMNS
    assert len({row["reference"] for row in rows}) == len(rows)
    assert len({row["operator"] for row in rows}) > 1


def test_each_sample_customer_of_the_operator_can_be_played_once() -> None:
    customers = sample_customers(ROOT / SAMPLES)
    phones = [customer["phone"] for customer in customers]
    assert len(phones) == len(set(phones))
    with (ROOT / SAMPLES).open(newline="") as file:
        expected = {
            row["customer_phone"] for row in csv.DictReader(file) if row["operator"] == OPERATOR
        }
    assert set(phones) == expected


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert choose_port(taken, frozenset()) > taken
    chosen = choose_port(taken, frozenset({taken}))
    assert chosen > taken


def test_production_has_no_demo(tmp_path: Path) -> None:
    done = run_demo(
        tmp_path / "data",
        ENVIRONMENT="production",
        SECRET_KEY="long enough and made for this deployment",
        PUBLIC_BASE_URL="https://pay.example",
        DATABASE_URL="postgresql+psycopg://d/t",
        REDIS_URL="redis://r/0",
        TWILIO_ACCOUNT_SID="AC1",
        TWILIO_AUTH_TOKEN="token",
        TWILIO_WHATSAPP_NUMBER="+14155238886",
    )
    assert done.returncode == 1
    assert "ENVIRONMENT is production" in done.stdout
    assert not (tmp_path / "data").exists()


def test_a_second_demo_on_a_folder_says_that_one_runs(tmp_path: Path) -> None:
    with EmbeddedServers(
        tmp_path / "data", database_url="postgresql+psycopg://d/t", redis_url="redis://r/0"
    ):
        done = run_demo(tmp_path / "data")
    assert done.returncode == 1
    assert "another process runs the servers of" in done.stdout
