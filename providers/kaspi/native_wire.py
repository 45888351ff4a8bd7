"""How Kaspi's own API is spoken to: an envelope of StatusCode, Message and Data around all."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from providers.answers import JsonAnswer
from providers.http import Door
from providers.kaspi.reading import Reply, ask, order
from providers.kaspi.settings import NativeSettings
from providers.kaspi.words import FINE, NAME
from providers.wire_json import JsonValue


class NativeWire:
    """Calls scheme r3. Threads and forks may share it."""

    def __init__(self, settings: NativeSettings) -> None:
        self._door = Door(
            NAME,
            settings.base_url,
            headers={},
            connect_seconds=settings.pace.connect_seconds,
            total_seconds=settings.pace.call_seconds,
            secrets=(settings.device_token,),
            code_field="StatusCode",
            client_certificate=settings.client_certificate,
        )

    def ask(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str] | None = None,
        private: Sequence[str] = (),
    ) -> Reply:
        """A question. Raises ProviderUncertain."""
        return ask(
            lambda: self._door.call_json(
                operation, "GET", path, params=params, headers=_numbered(), private=private
            ),
            _read,
        )

    def order(
        self,
        operation: str,
        path: str,
        body: Mapping[str, JsonValue],
        private: Sequence[str] = (),
    ) -> Reply:
        """A write, sent once. Raises ProviderRefused and ProviderUncertain."""
        return order(
            lambda: self._door.call_json(
                operation, "POST", path, json=body, headers=_numbered(), private=private
            ),
            _read,
        )


def _numbered() -> dict[str, str]:
    """Kaspi wants a number of its own on every request. It is not a key: it makes nothing safe."""
    return {"X-Request-ID": str(uuid4())}


def _read(answer: JsonAnswer) -> Reply:
    code, data = answer.fields.get("StatusCode"), answer.fields.get("Data")
    known = code if isinstance(code, int) and not isinstance(code, bool) else None
    return Reply(
        answer.call,
        None if known == FINE and not answer.ok else known,
        data if isinstance(data, dict) else {},
        tuple(item for item in data if isinstance(item, dict)) if isinstance(data, list) else (),
        answer.pause_seconds("retry-after"),
    )
