"""The web view: an app of its own under /admin, so that its cookies, its policies and its limits
cost a webhook nothing.

    request ▸ who is it? (viewers.py) ▸ may they? (rights.py) ▸ area ▸ their rows (scope.py)
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from limits.errors import ConfigurationError
from werkzeug.middleware.proxy_fix import ProxyFix

from bot.admin import answers, areas, navigation, rights, showing, viewers
from bot.admin.ids import RowId
from bot.admin.profile import notices
from bot.runtime import Runtime
from domain.sealing import derive_key

_LONGEST_FORM_BYTES = 12 * 1024 * 1024  # a table of bookings is uploaded
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}


def create_admin(runtime: Runtime) -> Flask:
    """The WSGI app of the web view. Raises LookupError for a page that does not say who may call
    it.
    """
    app = Flask("bot.admin")
    app.extensions["tourpay"] = runtime
    app.url_map.converters["int"] = RowId
    _configure(app, runtime)
    CSRFProtect(app)
    _protect(app, runtime)
    manager = LoginManager(app)
    manager.session_protection = None  # the row of the session says when it ends
    manager.user_loader(viewers.load)
    app.extensions["limiter"] = _limiter(app, runtime)
    for blueprint in areas.BLUEPRINTS:
        app.register_blueprint(blueprint)
    answers.add_to(app)
    notices.add_to(app)
    navigation.add_to(app)
    showing.add_to(app, ZoneInfo(runtime.settings.time_zone))
    rights.enforce(app, in_production=runtime.settings.environment == "production")
    return app


def _configure(app: Flask, runtime: Runtime) -> None:
    settings = runtime.settings
    previous = settings.secret_key_previous
    is_secure = settings.public_base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=derive_key(settings.secret_key.get_secret_value(), "admin cookies"),
        SECRET_KEY_FALLBACKS=[
            derive_key(each.get_secret_value(), "admin cookies") for each in (previous,) if each
        ],
        # __Host- would need the path /; this one still cannot be set by a page that is not https.
        SESSION_COOKIE_NAME="__Secure-tourpay" if is_secure else "tourpay",
        SESSION_COOKIE_PATH="/admin",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),
        MAX_CONTENT_LENGTH=_LONGEST_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a page is kept open all day
        WTF_CSRF_SSL_STRICT=is_secure,
    )
    # Whole pages are made of a few lines each: blank lines of loops are not sent.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )


def _protect(app: Flask, runtime: Runtime) -> None:
    is_secure = runtime.settings.public_base_url.startswith("https://")
    Talisman(
        app,
        force_https=False,  # the proxy's matter; cookies are refused without it
        strict_transport_security=is_secure,
        content_security_policy=_POLICY,
        referrer_policy="same-origin",
        permissions_policy={"camera": "()", "microphone": "()", "geolocation": "()"},
        session_cookie_secure=is_secure,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
    )


def _limiter(app: Flask, runtime: Runtime) -> Limiter:
    url = runtime.settings.redis_url
    if url is None:
        raise ConfigurationError("REDIS_URL must be known before the web view starts")
    limiter = Limiter(
        rights.caller,
        storage_uri=url.get_secret_value(),
        key_prefix="admin",
        # Without Redis each process counts by itself.
        in_memory_fallback_enabled=True,
        in_memory_fallback=["60 per minute"],
        headers_enabled=False,
    )
    limiter.init_app(app)
    return limiter
