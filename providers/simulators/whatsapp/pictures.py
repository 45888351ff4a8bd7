"""Pictures that the bot sends: fetched by the simulated Twilio when it delivers them, as the real
one does, and kept for the phone.

Only addresses of this computer are fetched; what stands elsewhere is taken as delivered unseen.
"""

import threading

import requests
from flask import Response

from providers.simulators.addresses import is_here

PICTURE = "image/png"
_LARGEST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 5.0
_SHOWN = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class NotFetched(Exception):
    """An address of this computer that gave no picture."""


class Pictures:
    """The files of messages, by sid and place. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[tuple[str, int], bytes] = {}

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._files.clear()

    def find(self, sid: str, place: int) -> bytes | None:
        """A message's file, if it was fetched."""
        with self._lock:
            return self._files.get((sid, place))

    def show(self, sid: str, place: int) -> Response:
        """GET /_sim/twilio/pictures/<sid>/<place>, for the phone."""
        picture = self.find(sid, place)
        if picture is None:
            return Response("no such picture", 404, content_type="text/plain")
        return Response(picture, content_type=PICTURE, headers=_SHOWN)

    def fetch(self, sid: str, urls: list[str]) -> None:
        """Fetch a message's files. Raises NotFetched for anything of this computer that is no PNG
        of at most 1 MB.
        """
        for place, url in enumerate(urls):
            if is_here(url):
                picture = _fetch(url)
                with self._lock:
                    self._files[sid, place] = picture


def _fetch(url: str) -> bytes:
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True)
            if answer.status_code != 200 or answer.headers.get("Content-Type") != PICTURE:
                raise NotFetched(f"HTTP {answer.status_code}")
            picture = answer.raw.read(_LARGEST_BYTES + 1, decode_content=True)
        except requests.RequestException as error:
            raise NotFetched(type(error).__name__) from None
    if len(picture) > _LARGEST_BYTES or not picture.startswith(_SIGNATURE):
        raise NotFetched("no picture")
    return bytes(picture)
