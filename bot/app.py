"""The Flask app: webhooks, customers' pages, the door of the web view, health, and the commands of
the house.
"""

from flask import Flask, Response, redirect
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response as AnyResponse

from bot import cli, whatsapp
from bot.admin_door import AdminDoor
from bot.callbacks import create_callbacks
from bot.pages import create_pages
from bot.runtime import Runtime
from bot.tables import is_migrated
from domain.database import transaction

_LARGEST_BODY_BYTES = 64 * 1024


def create_app(runtime: Runtime) -> Flask:
    """The WSGI app over a started runtime."""
    app = Flask("bot")
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY_BYTES
    app.extensions["tourpay"] = runtime
    app.register_blueprint(whatsapp.blueprint)
    app.register_blueprint(create_callbacks(runtime))
    app.register_blueprint(create_pages(runtime))
    _add_health(app, runtime)
    if runtime.settings.simulators_url is not None:
        _add_demo(app, runtime.settings.simulators_url)
    door = AdminDoor(runtime)
    app.extensions["admin"] = door
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/admin": door})  # type: ignore[method-assign]
    cli.add_commands(app)
    return app


def _add_health(app: Flask, runtime: Runtime) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        """The process is alive."""
        return Response("ok", content_type="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        """The process can serve: the database answers and is migrated, Redis answers."""
        try:
            with transaction() as db:
                db.execute(text("SELECT 1"))
                migrated = is_migrated(db.connection())
        except SQLAlchemyError:
            return Response("the database does not answer", status=503)
        if not migrated:
            return Response("the database is not migrated: run the release command", status=503)
        try:
            runtime.redis.ping()
        except RedisError:
            return Response("Redis does not answer", status=503)
        return Response("ready", content_type="text/plain")


def _add_demo(app: Flask, simulators_url: str) -> None:
    @app.get("/demo")
    def demo() -> AnyResponse:
        """The demo's phone lives with the simulators: it is a customer's, not ours."""
        return redirect(f"{simulators_url.rstrip('/')}/demo")
