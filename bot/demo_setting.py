"""What the demo's processes and its simulators know of each other: addresses, keys, customers."""

import csv
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.embedded import ServerUrls
from bot.embedded_process import write_private
from bot.supervisor import Program

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = "samples/bookings.csv"
OPERATOR = "Kalai Safaris"
# Two, because what moves money takes two people.
ADMINS = ("anna@example.com", "ben@example.com")
WHATSAPP_NUMBER = "+14155238886"
# Twilio's own words for: try twice more, after 5xx and time-outs, and wait 4 s for an answer.
WEBHOOK_OVERRIDES = "#rc=2&rp=5xx,ct,rt&rt=4000"
_KASPI_BIN = "180340021791"
_PHONEPE_CLIENT = "SIMULATED_CLIENT"
_PHONEPE_USER = "tourpay_demo"
_CASHFREE_APP = "TESTAPP0001"


@dataclass(frozen=True, slots=True)
class Demo:
    """One run: where it listens, and what it knows. `secret` is kept in the folder, all other keys
    come from it.
    """

    folder: Path
    port: int
    simulators_port: int
    secret: str = field(repr=False)

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulators_url(self) -> str:
        return f"http://127.0.0.1:{self.simulators_port}"

    @property
    def account_sid(self) -> str:
        return f"AC{self.key('twilio account')}"

    def key(self, purpose: str) -> str:
        """A key of 32 hex digits for one purpose, the same at every start on this folder."""
        return hashlib.sha256(f"{purpose} {self.secret}".encode()).hexdigest()[:32]

    def environment(self, urls: ServerUrls) -> dict[str, str]:
        """What all of our processes find in their environment. It wins over a `.env` file."""
        return {
            "ENVIRONMENT": "development",
            "SECRET_KEY": self.secret,
            "PUBLIC_BASE_URL": self.web_url,
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.redis_url,
            "DEFAULT_OPERATOR": OPERATOR,
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.key("twilio token"),
            "TWILIO_WHATSAPP_NUMBER": WHATSAPP_NUMBER,
            "TWILIO_API_URL": self.simulators_url,
            **provider_environment(self.simulators_url, self.key),
            "SIMULATORS_URL": self.simulators_url,
            # Somebody who tries things out starts more payments than a customer may.
            "PAYER_STARTS_PER_HOUR": "1000",
            "PAYER_STARTS_PER_DAY": "1000",
            "CONTACT_STARTS_PER_HOUR": "1000",
            "CONTACT_STARTS_PER_DAY": "1000",
            "DATA_FOLDER": str(self.folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def simulators(self) -> Program:
        """The simulators; what they know goes in a file, because everybody can read arguments."""
        settings = {
            "port": self.simulators_port,
            "webhook_url": f"{self.web_url}/whatsapp/inbound{WEBHOOK_OVERRIDES}",
            "account_sid": self.account_sid,
            "auth_token": self.key("twilio token"),
            "whatsapp_number": WHATSAPP_NUMBER,
            "merchant_name": OPERATOR.upper(),
            **simulated_providers(self.web_url, self.key),
            # Omari remembers what it took, as the real one would, when the demo starts again.
            "omari_book": str(self.folder / "omari-book"),
            "customers": sample_customers(ROOT / SAMPLES),
        }
        file = self.folder / "simulators.json"
        write_private(file, json.dumps(settings))
        command = (sys.executable, "-m", "providers.simulators", "--settings", str(file))
        return Program("simulators", command, {"PYTHONUNBUFFERED": "1"})


def provider_environment(simulators_url: str, key: Callable[[str], str]) -> dict[str, str]:
    """The settings of an account with every simulated provider. `key` makes a secret for a
    purpose.
    """
    return {
        "OMARI_API_BASE_URL": f"{simulators_url}/omari",
        "OMARI_MERCHANT_KEY": key("omari"),
        "KASPI_MODE": "proxy",
        "KASPI_API_BASE_URL": f"{simulators_url}/kaspi/proxy",
        "KASPI_ACCESS_TOKEN": key("kaspi access"),
        "KASPI_DEVICE_TOKEN": key("kaspi device"),
        "KASPI_ORGANIZATION_BIN": _KASPI_BIN,
        "PHONEPE_ENV": "SANDBOX",
        "PHONEPE_API_BASE_URL": f"{simulators_url}/phonepe",
        "PHONEPE_CLIENT_ID": _PHONEPE_CLIENT,
        "PHONEPE_CLIENT_SECRET": key("phonepe client"),
        "PHONEPE_CLIENT_VERSION": "1",
        "PHONEPE_WEBHOOK_USERNAME": _PHONEPE_USER,
        "PHONEPE_WEBHOOK_PASSWORD": _phonepe_password(key),
        "CASHFREE_ENV": "TEST",
        "CASHFREE_API_BASE_URL": f"{simulators_url}/cashfree",
        "CASHFREE_APP_ID": _CASHFREE_APP,
        "CASHFREE_SECRET_KEY": key("cashfree"),
    }


def simulated_providers(web_url: str, key: Callable[[str], str]) -> dict[str, object]:
    """The other side of `provider_environment`: what the simulators are told."""
    return {
        "merchant_key": key("omari"),
        "kaspi": {
            "access_token": key("kaspi access"),
            "device_token": key("kaspi device"),
            "organization_bin": _KASPI_BIN,
            # Who tries things out writes sooner again than a customer would.
            "invoice_poll_seconds": 3.0,
        },
        "phonepe": {
            "client_id": _PHONEPE_CLIENT,
            "client_secret": key("phonepe client"),
            "webhook_username": _PHONEPE_USER,
            "webhook_password": _phonepe_password(key),
            "webhook_url": f"{web_url}/callbacks/phonepe",
        },
        "cashfree": {
            "app_id": _CASHFREE_APP,
            "secret_key": key("cashfree"),
            "webhook_url": f"{web_url}/callbacks/cashfree",
        },
    }


def _phonepe_password(key: Callable[[str], str]) -> str:
    """8 to 20 letters and digits, some of each, as PhonePe wants it."""
    return f"Wh1{key('phonepe webhook')[:17]}"


def sample_customers(path: Path) -> list[dict[str, str]]:
    """Who can be played on the demo's phone: each sample customer of our operator, once."""
    customers: dict[str, dict[str, str]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["operator"] == OPERATOR:
                columns = {
                    "name": "customer_name",
                    "phone": "customer_phone",
                    "booking": "reference",
                }
                customer = {name: row[column] for name, column in columns.items()}
                customers.setdefault(customer["phone"], customer)
    return list(customers.values())
