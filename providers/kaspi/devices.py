"""Setting up a merchant with Kaspi's own API: trade points, and the devices that stand at them."""

import re
from dataclasses import dataclass, field

from providers.answers import not_called
from providers.contract import Call, ProviderRefused, Reason
from providers.kaspi.native_wire import NativeWire
from providers.kaspi.reading import identifier, uncertain
from providers.kaspi.settings import NativeSettings
from providers.kaspi.words import FINE, NO_TRADE_POINTS
from providers.wire_json import JsonValue

_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{1,512}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TradePoint:
    """One place of sale, as the merchant made it in the Kaspi Pay app."""

    trade_point_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered device. The token is a secret: whoever has it can make and return payments."""

    device_token: str = field(repr=False)
    call: Call


class KaspiDevices:
    """The merchant's trade points and devices. Raises as an adapter does."""

    def __init__(self, settings: NativeSettings) -> None:
        self._wire = NativeWire(settings)
        self._organization_bin = settings.organization_bin
        self._device_token = settings.device_token

    def trade_points(self) -> tuple[TradePoint, ...]:
        """All trade points; () where the merchant has made none yet."""
        reply = self._wire.ask("tradepoints", f"/v01/partner/tradepoints/{self._organization_bin}")
        if reply.code == NO_TRADE_POINTS:
            return ()
        if reply.code != FINE:
            raise uncertain(reply)
        found = []
        for item in reply.items:
            number, name = identifier(item.get("TradePointId")), item.get("TradePointName")
            if number is None or not isinstance(name, str):
                raise uncertain(reply)
            found.append(TradePoint(int(number), name))
        return tuple(found)

    def register(self, device_id: str, trade_point_id: int) -> Registration:
        """Register a device at a trade point. The same two again give the same token.

        `device_id` is ours to choose: letters, digits, `_` and `-`.
        """
        if not _DEVICE_ID.fullmatch(device_id):
            raise ProviderRefused(not_called("register", "bad_device_id"), Reason.BAD_REQUEST)
        body: dict[str, JsonValue] = {
            "OrganizationBin": self._organization_bin,
            "DeviceId": device_id,
            "TradePointId": trade_point_id,
        }
        reply = self._wire.order("register", "/v01/device/register", body)
        token = reply.fields.get("DeviceToken")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise uncertain(reply)
        return Registration(token, reply.call)

    def delete(self) -> Call:
        """Delete the device of these settings; its token is of no use afterwards."""
        body: dict[str, JsonValue] = {
            "OrganizationBin": self._organization_bin,
            "DeviceToken": self._device_token,
        }
        return self._wire.order("delete", "/v01/device/delete", body).call
