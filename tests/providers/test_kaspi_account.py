"""An account with Kaspi: its settings, its times, its devices, and its client certificate."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.money import Money
from providers.answers import NOT_CONNECTED
from providers.contract import Charge, Provider, ProviderError, ProviderRefused, ProviderUncertain
from providers.entry import Surroundings, Timeouts
from providers.kaspi import (
    ENTRY,
    KaspiDevices,
    KaspiNative,
    KaspiProxy,
    NativeSettings,
    ProxySettings,
    TradePoint,
    native_settings,
)
from tests.providers.servers import Wire, always, http, wire
from tests.providers.shelf import MemoryShelf

BIN = "123456789012"
DEVICE = "device-secret-0001"
PHONE = "77015550123"
PROXY = {
    "mode": "proxy",
    "base_url": "https://proxy.test/api/v2/paymentkaspi",
    "access_token": "access-secret",
    "organization_bin": BIN,
    "device_token": DEVICE,
}
NATIVE = {
    "mode": "native",
    "base_url": "http://kaspi.test/r3",
    "organization_bin": BIN,
    "device_token": DEVICE,
}


def made(credentials: dict[str, str]) -> Provider:
    surroundings = Surroundings("https://x.test/cb", "https://x.test/back", MemoryShelf())
    return ENTRY.make(credentials, Timeouts(connect_seconds=3.0, call_seconds=7.0), surroundings)


def test_the_mode_chooses_the_way_in() -> None:
    assert isinstance(made(PROXY), KaspiProxy)
    assert isinstance(made(NATIVE), KaspiNative)
    with pytest.raises(ValueError, match="mode of Kaspi"):
        made(NATIVE | {"mode": "both"})


@pytest.mark.parametrize(
    ("credentials", "missing"),
    [
        ({}, ("mode", "base_url", "organization_bin", "device_token")),
        (PROXY, ()),
        (NATIVE, ()),
        (PROXY | {"access_token": ""}, ("access_token",)),
        (NATIVE | {"device_token": ""}, ("device_token",)),
        (NATIVE | {"base_url": "https://kaspi.test/r3"}, ("client_cert", "client_key")),
    ],
    ids=range(6),
)
def test_what_an_account_lacks_is_named(
    credentials: dict[str, str], missing: tuple[str, ...]
) -> None:
    assert ENTRY.missing(credentials) == missing


@pytest.mark.parametrize(
    "wrong",
    [
        PROXY | {"base_url": "proxy.test"},
        PROXY | {"organization_bin": "12345"},
        PROXY | {"access_token": "access secret"},
        PROXY | {"device_token": "device-secret\n"},
        NATIVE | {"base_url": "http://kaspi.test/r3/v01"},
        NATIVE | {"device_token": "two words"},
        NATIVE | {"status_version": "v03"},
        NATIVE | {"client_cert": "no-such-file", "client_key": "no-such-file"},
        NATIVE | {"invoice_seconds": "a day"},
        NATIVE | {"invoice_checks": "300,"},
        NATIVE | {"invoice_checks": "3600,300"},
        NATIVE | {"invoice_checks": "300,90000"},
        NATIVE | {"invoice_checks": "0"},
    ],
    ids=range(13),
)
def test_settings_that_cannot_work_are_refused_without_telling_a_secret(
    wrong: dict[str, str],
) -> None:
    with pytest.raises(ValueError, match=r"Kaspi|invalid literal") as refused:
        made(wrong)

    assert "secret" not in str(refused.value)


def test_secrets_stand_in_no_repr() -> None:
    settings = (
        ProxySettings("https://x", "access-secret", BIN, DEVICE),
        NativeSettings("https://x/r3", BIN, DEVICE),
    )

    assert ENTRY.secrets == {"access_token", "device_token"}
    assert "secret" not in repr(settings)


def test_a_link_is_asked_about_every_five_seconds_until_it_is_dead() -> None:
    for provider in (made(PROXY), made(NATIVE)):
        terms = provider.terms(None)
        assert (terms.call_seconds, terms.customer_seconds, terms.otp_tries) == (7.0, 180, 0)
        assert (terms.check_delays_seconds, terms.expiry_grace_seconds) == ((5.0,), 65)
        assert terms.hold_seconds == terms.negative_wait_seconds == 245


def test_an_invoice_is_asked_about_thrice_and_never_polled() -> None:
    for provider in (made(PROXY), made(NATIVE)):
        terms = provider.terms(PHONE)
        assert (terms.customer_seconds, terms.hold_seconds) == (86_400, 1_800)
        assert terms.check_delays_seconds[:3] == (300, 3_300, 82_865)
        assert terms.check_delays_seconds[3:] == (3_600,)
        assert (terms.expiry_grace_seconds, terms.negative_wait_seconds) == (65, None)


def test_the_times_of_an_invoice_are_the_accounts() -> None:
    terms = made(NATIVE | {"invoice_seconds": "1000", "invoice_checks": "60, 100"}).terms(PHONE)

    assert (terms.customer_seconds, terms.hold_seconds) == (1_000, 1_000)
    assert terms.check_delays_seconds == (60, 40, 965, 3_600)


def devices(server: Wire) -> KaspiDevices:
    return KaspiDevices(native_settings(NATIVE | {"base_url": f"{server.url}/r3"}, Timeouts()))


def said(code: object, data: object = None) -> bytes:
    return http(200, json.dumps({"StatusCode": code, "Message": "…", "Data": data}).encode())


def test_trade_points_are_listed() -> None:
    points = [{"TradePointId": 1, "TradePointName": "Abay"}, {"TradePointId": 2} | {"x": 1}]
    with wire(always(said(0, points[:1]))) as server:
        assert devices(server).trade_points() == (TradePoint(1, "Abay"),)
    with wire(always(said(-14000002))) as server:
        assert devices(server).trade_points() == ()
    for answer in (said(0, points), said(-10000), said(None, points[:1])):
        with wire(always(answer)) as server, pytest.raises(ProviderUncertain):
            devices(server).trade_points()


def test_a_device_is_registered_and_its_token_kept_out_of_the_story() -> None:
    with wire(always(said(0, {"DeviceToken": "new-device-secret"}))) as server:
        registration = devices(server).register("tourpay-1", 2)

    assert server.requests[0].startswith(b"POST /r3/v01/device/register ")
    assert json.loads(server.body()) == {
        "OrganizationBin": BIN,
        "DeviceId": "tourpay-1",
        "TradePointId": 2,
    }
    assert registration.device_token == "new-device-secret"
    assert "new-device-secret" not in repr(registration)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(-1503), ProviderRefused),
        (said(-99000002), ProviderRefused),
        (said(-999), ProviderUncertain),
        (said(0, {"DeviceToken": 17}), ProviderUncertain),
        (said(0, {"DeviceToken": "two words"}), ProviderUncertain),
        (said(0), ProviderUncertain),
    ],
    ids=range(6),
)
def test_a_registration_that_failed(answer: bytes, kind: type[ProviderError]) -> None:
    with wire(always(answer)) as server, pytest.raises(kind):
        devices(server).register("tourpay-1", 2)


def test_a_name_that_kaspi_does_not_take_is_refused_unasked() -> None:
    with wire(always(said(0, {"DeviceToken": "x"}))) as server, pytest.raises(ProviderRefused):
        devices(server).register("tour pay", 2)

    assert server.requests == []


def test_a_device_is_deleted() -> None:
    with wire(always(said(0))) as server:
        assert devices(server).delete().code == "0"
        assert json.loads(server.body()) == {"OrganizationBin": BIN, "DeviceToken": DEVICE}
    with wire(always(said(-1501))) as server, pytest.raises(ProviderRefused):
        devices(server).delete()


@dataclass
class Papers:
    """An authority, a server's certificate and a merchant's, as PEM files."""

    folder: Path

    def make(self) -> "Papers":
        self._openssl("req", "-x509", "-subj", "/CN=Test authority", *self._out("authority"))
        for name, extra in (("server", "subjectAltName=IP:127.0.0.1"), ("merchant", "")):
            request = self.folder / f"{name}.csr"
            self._openssl("req", "-subj", f"/CN={name}", *self._out(name, request))
            extensions = self.folder / f"{name}.ext"
            extensions.write_text(extra)
            self._openssl(
                "x509", "-req", "-in", request, "-extfile", extensions, "-out", self.path(name)
            )
        return self

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _out(self, name: str, out: Path | None = None) -> list[object]:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        return [*curve, "-keyout", self.key(name), "-out", out or self.path(name)]

    def _openssl(self, command: str, *words: object) -> None:
        if command == "x509":
            words += ("-CA", self.path("authority"), "-CAkey", self.key("authority"))
        line = ["openssl", command, "-days", "2", *map(str, words)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr


@dataclass
class Guarded:
    """What a server saw that lets in only whom the authority vouches for."""

    port: int
    names: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers")).make()


@pytest.fixture
def guarded(papers: Papers) -> Iterator[Guarded]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.path("server"), papers.key("server"))
    context.load_verify_locations(papers.path("authority"))
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    seen = Guarded(listener.getsockname()[1])

    def serve() -> None:
        with suppress(OSError):  # the listener was closed: the test is over
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as talk:
                    subject = dict(pair[0] for pair in talk.getpeercert()["subject"])
                    seen.names.append(subject["commonName"])
                    talk.recv(65_536)
                    talk.sendall(said(0, {"Status": "Wait"}))
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_the_merchants_certificate_is_shown_to_kaspi(
    papers: Papers, guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = Charge(
        "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11",
        Money(100, "KZT"),
        None,
        "KS",
        provider_reference="15",
    )
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(papers.path("authority")))
    account = NATIVE | {"base_url": f"https://127.0.0.1:{guarded.port}/r3"}
    certificate = {
        "client_cert": str(papers.path("merchant")),
        "client_key": str(papers.key("merchant")),
    }

    assert made(account | certificate).check(charge).call.http_status == 200
    assert guarded.names == ["merchant"]
    with pytest.raises(ProviderUncertain):
        made(account).check(charge)
    monkeypatch.undo()
    with pytest.raises(ProviderUncertain) as stranger:
        made(account | certificate).check(charge)
    assert stranger.value.call.code == NOT_CONNECTED
    assert guarded.names == ["merchant"]
