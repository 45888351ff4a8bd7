"""A total deadline for one HTTP call: when the time is over, its connection is cut.

A socket's own time-out starts again with every byte, so a server that drips could hold a call for
ever. Here a timer shuts the connection down from outside, in the middle of a handshake, a header
or a body. Connecting alone can take longer, when a name resolves slowly or to several addresses:
that delays the answer, but nothing is sent once the time is over.
"""

import os
import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Cuts the connections of the call that runs inside `with deadline:` after `seconds`.

    `sent` tells whether a byte of the request may have left; `cut` whether the time ran out.
    """

    def __init__(self, seconds: float) -> None:
        self.sent = False
        self.cut = False
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._token = _CURRENT.set(self)
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _CURRENT.reset(self._token)
        with self._lock:
            self._release()

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over. Raises TimeoutError when it is over already.

        The timer holds a duplicate of its own: the library may close or wrap the original.
        """
        with self._lock:
            if self.cut:
                raise TimeoutError("the time for this call is over")
            self._release()
            self._handle = socket.socket(fileno=os.dup(connection.fileno()))

    def _end(self) -> None:
        with self._lock:
            self.cut = True
            if self._handle is not None:
                with suppress(OSError):  # the other side was faster
                    self._handle.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


_CURRENT: ContextVar[Deadline] = ContextVar("deadline")


class _Connection(HTTPConnection):
    """A connection that the current deadline can cut."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        try:
            _CURRENT.get().watch(connection)
        except TimeoutError:
            connection.close()
            raise
        return connection

    def send(self, data: Any) -> None:
        """Every request begins here, on a new connection or on one that was kept."""
        deadline = _CURRENT.get()
        if not deadline.sent:
            if self.sock is None:
                self.connect()
            deadline.watch(self.sock)
            deadline.sent = True
        super().send(data)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class DeadlineAdapter(HTTPAdapter):
    """The transport of a session whose calls run inside `with Deadline(...)`. Repeats nothing."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
