"""The door of the web view: it is loaded when somebody first comes to it, because most web
processes serve webhooks alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import Any

from flask import Flask

from bot.runtime import Runtime

Answer = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class AdminDoor:
    """The WSGI app below /admin."""

    runtime: Runtime
    _app: Flask | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def app(self) -> Flask:
        """The web view, made when it is asked for."""
        with self._lock:
            if self._app is None:
                app: Flask = import_module("bot.admin").create_admin(self.runtime)
                self._app = app
            return self._app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        return self.app(environ, start_response)
