"""One server for the outside world: the simulated Twilio at its root, each provider below its name,
the demo phone at `/demo`.
"""

from dataclasses import dataclass

from flask import Flask, Response, jsonify, request

from providers.simulators.cashfree import CashfreeSimulatorSettings, create_cashfree
from providers.simulators.kaspi import KaspiSimulatorSettings, create_kaspi
from providers.simulators.omari import OmariSimulatorSettings, create_omari
from providers.simulators.phone import PhoneSettings, create_phone
from providers.simulators.phonepe import PhonePeSimulatorSettings, create_phonepe
from providers.simulators.twilio import TwilioSettings, create_twilio

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The settings of everything that this server plays. A provider without settings is not
    there.
    """

    twilio: TwilioSettings
    omari: OmariSimulatorSettings
    phone: PhoneSettings
    kaspi: KaspiSimulatorSettings | None = None
    phonepe: PhonePeSimulatorSettings | None = None
    cashfree: CashfreeSimulatorSettings | None = None


def create_app(settings: SimulatorSettings) -> Flask:
    """The outside world as one WSGI application. Each call makes a world with books of its own."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.before_request(_refuse_foreign_hosts)
    app.register_blueprint(create_twilio(settings.twilio))
    app.register_blueprint(create_omari(settings.omari), url_prefix="/omari")
    if settings.kaspi is not None:
        app.register_blueprint(create_kaspi(settings.kaspi), url_prefix="/kaspi")
    if settings.phonepe is not None:
        app.register_blueprint(create_phonepe(settings.phonepe), url_prefix="/phonepe")
    if settings.cashfree is not None:
        app.register_blueprint(create_cashfree(settings.cashfree), url_prefix="/cashfree")
    app.register_blueprint(create_phone(settings.phone))
    return app


def _refuse_foreign_hosts() -> tuple[Response, int] | None:
    """A page from elsewhere that points its own name at this machine must not reach the books."""
    name = request.host.rpartition(":")[0] or request.host
    if name in LOOPBACK or request.host in LOOPBACK:
        return None
    return jsonify(error="this server answers on loopback only"), 403
