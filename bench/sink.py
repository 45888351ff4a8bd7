"""A simulated Twilio that costs next to nothing: takes messages, notes when, and reports them.

`python -m bench.sink PORT CALLBACKS`: with CALLBACKS 1 it tells the bot `sent` and `delivered` for
each message, as Twilio does. GET /seen answers [[time.time(), receiver, text], …].
The simulators that tests use keep a whole book; they would be measured along with us.
"""

import asyncio
import json
import sys
import time
from secrets import token_hex
from urllib.parse import parse_qs, urlsplit

from bench.wire import request
from tests.journey.house import ACCOUNT_SID

_HEAD_END = b"\r\n\r\n"
_CALLERS = 4


class Sink:
    """What was taken, and the reports that are still to leave."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, str, str]] = []
        self.reports: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()

    def answer(self, method: str, path: str, body: bytes, *, callbacks: bool) -> bytes:
        """The body of the answer to one request."""
        if method == "GET":
            return json.dumps(self.seen).encode()
        if path.startswith("/v1/Content"):
            return json.dumps({"sid": f"HX{token_hex(16)}"}).encode()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        text = form.get("Body") or form.get("ContentVariables", "")
        self.seen.append((time.time(), form.get("To", ""), text))
        sid = f"SM{token_hex(16)}"
        if callbacks and "StatusCallback" in form:
            for status in ("sent", "delivered"):
                self.reports.put_nowait((form["StatusCallback"], sid, status))
        return json.dumps({"sid": sid, "status": "queued", "body": text}).encode()

    async def report(self) -> None:
        """Tell the bot, one report after the other, over one kept connection."""
        while True:
            url, sid, status = await self.reports.get()
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                while True:
                    form = {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "MessageStatus": status}
                    writer.write(request(url, form))
                    await _read(reader)
                    url, sid, status = await self.reports.get()
            except (OSError, asyncio.IncompleteReadError):
                self.reports.put_nowait((url, sid, status))
            finally:
                writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(_HEAD_END)
    at = head.lower().find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return head, await reader.readexactly(length)


async def serve(port: int, *, callbacks: bool) -> None:
    """Serve until killed."""
    sink = Sink()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head, body = await _read(reader)
                method, path, _ = head.decode("latin-1").split(" ", 2)
                answer = sink.answer(method, path, body, callbacks=callbacks)
                writer.write(
                    b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % (200 if method == "GET" else 201, len(answer))
                )
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server, asyncio.TaskGroup() as callers:
        for _ in range(_CALLERS):
            callers.create_task(sink.report())
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), callbacks=sys.argv[2] == "1"))
