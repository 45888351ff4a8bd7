"""The simulated Kaspi by itself: its protocol, its page, its devices, its book."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from domain.money import Money
from providers.contract import Charge, ProviderRefused
from providers.kaspi import KaspiDevices, KaspiNative, NativeSettings, TradePoint
from providers.refunds import RefundOrder
from tests.providers.harness_kaspi import (
    DEVICE_TOKEN,
    ORGANIZATION_BIN,
    KaspiNativeHarness,
    KaspiProxyHarness,
    kaspi,
)

ACCOUNT = {"OrganizationBin": ORGANIZATION_BIN, "DeviceToken": DEVICE_TOKEN}


@pytest.fixture
def world() -> Iterator[KaspiNativeHarness]:
    with kaspi(KaspiNativeHarness) as opened:
        assert isinstance(opened, KaspiNativeHarness)
        yield opened


def order(world: KaspiNativeHarness, path: str, **body: object) -> Any:
    headers = {"X-Request-ID": str(uuid.uuid4())}
    url = f"{world.url}/r3/v01{path}"
    return requests.post(url, json={**ACCOUNT, **body}, headers=headers, timeout=5).json()


def ask(world: KaspiNativeHarness, path: str) -> Any:
    headers = {"X-Request-ID": str(uuid.uuid4())}
    return requests.get(f"{world.url}/r3{path}", headers=headers, timeout=5).json()


def link(world: KaspiNativeHarness, amount: float = 1500.0) -> int:
    data = order(world, "/qr/create-link", Amount=amount)["Data"]
    return int(data["PaymentId"])


@pytest.mark.parametrize("amount", [0, -1, 1.005, "1500", None, True])
def test_an_amount_that_is_none_is_refused(world: KaspiNativeHarness, amount: object) -> None:
    assert order(world, "/qr/create-link", Amount=amount)["StatusCode"] == 990000028
    assert world.book()["payments"] == []


@pytest.mark.parametrize(
    "change", [{"DeviceToken": "another"}, {"DeviceToken": 5}, {"OrganizationBin": "1"}], ids=str
)
@pytest.mark.parametrize("path", ["/qr/create-link", "/qr/create", "/remote/create"])
def test_only_the_merchants_device_may_order(
    world: KaspiNativeHarness, path: str, change: dict[str, object]
) -> None:
    answer = order(world, path, Amount=1, PhoneNumber="87015550123", **change)

    assert answer == {"StatusCode": -1501, "Message": "Устройство не найдено", "Data": None}


@pytest.mark.parametrize("phone", ["77015550123", "8701555012", "", None])
def test_an_invoice_needs_a_number_as_kaspi_writes_it(
    world: KaspiNativeHarness, phone: object
) -> None:
    assert order(world, "/remote/create", Amount=1, PhoneNumber=phone)["StatusCode"] == -1401


def test_a_request_needs_a_number_that_nobody_used(world: KaspiNativeHarness) -> None:
    url, number = f"{world.url}/r3/v01/health/ping", str(uuid.uuid4())

    def status(headers: dict[str, str]) -> int:
        return requests.get(url, headers=headers, timeout=5).status_code

    assert status({}) == status({"X-Request-ID": "1"}) == 400
    assert [status({"X-Request-ID": number}) for _ in range(2)] == [200, 400]


def test_a_qr_code_is_a_link_in_other_words(world: KaspiNativeHarness) -> None:
    data = order(world, "/qr/create", Amount=10, ExternalId="ORD-42")["Data"]

    assert sorted(data) == [
        "ExpireDate",
        "PaymentMethods",
        "QrPaymentBehaviorOptions",
        "QrPaymentId",
        "QrToken",
    ]
    assert world.book()["payments"][0]["reference"] == "ORD-42"
    assert world.book()["requests"]["ORD-42"] == {"qr": 1}


def test_a_status_tells_amount_and_transaction_in_its_second_version_only(
    world: KaspiNativeHarness,
) -> None:
    number = link(world)
    order(world, "/test/payment/scan", qrPaymentId=str(number))
    assert ask(world, f"/v01/payment/status/{number}")["Data"] == {"Status": "Wait"}
    order(world, "/test/payment/confirm", qrPaymentId=str(number))

    assert ask(world, f"/v01/payment/status/{number}")["Data"] == {"Status": "Processed"}
    headers = {"X-Request-ID": str(uuid.uuid4())}
    url = f"{world.url}/r3/v02/payment/status/{number}"
    assert '"Amount": 1500.00' in requests.get(url, headers=headers, timeout=5).text
    assert ask(world, f"/v01/payment/status/{number + 9}")["StatusCode"] == -1601


@pytest.mark.parametrize("action", ["scanerror", "confirmerror"])
def test_errors_of_the_test_calls(world: KaspiNativeHarness, action: str) -> None:
    number = link(world)

    assert order(world, f"/test/payment/{action}", qrPaymentId=str(number))["StatusCode"] == 0
    assert ask(world, f"/v01/payment/status/{number}")["Data"] == {"Status": "Error"}
    assert order(world, "/test/payment/confirm", qrPaymentId=str(number))["StatusCode"] == -1601


def test_the_page_of_a_link_pays_it(world: KaspiNativeHarness) -> None:
    number = link(world)
    (shown,) = world.book()["payments"]
    assert shown["url"] == f"{world.url}/pay/{number}"

    page = requests.get(shown["url"], timeout=5).text
    assert "KZT 1,500.00" in page
    assert 'value="pay"' in page
    after = requests.post(shown["url"], data={"answer": "pay"}, timeout=5)

    assert after.status_code == 200
    assert "Paid." in after.text
    assert 'value="pay"' not in after.text
    assert world.book()["debits"] == [
        {
            "id": str(number),
            "reference": None,
            "receipt": str(number),
            "amount_minor": 150_000,
            "currency": "KZT",
        }
    ]
    assert requests.post(shown["url"], data={"answer": "pay"}, timeout=5).status_code == 409


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"answer": "pay"}, 200),
        ({"answer": "pay", "currency": "KZT"}, 200),
        ({"answer": "pay", "currency": "USD"}, 409),
        ({"answer": "pay", "again": True}, 409),
        ({"answer": "confirm"}, 409),
        ({"answer": "explode"}, 409),
        ({"answer": "pay", "amount_minor": -1}, 400),
        ([], 400),
    ],
    ids=str,
)
def test_what_a_customer_can_do(world: KaspiNativeHarness, wish: object, status: int) -> None:
    url = f"{world.url}/_sim/pay/{link(world)}"

    assert requests.post(url, json=wish, timeout=5).status_code == status
    assert len(world.book()["debits"]) == (status == 200)


def test_a_payment_that_nobody_made_cannot_be_paid(world: KaspiNativeHarness) -> None:
    url = f"{world.url}/_sim/pay/1"

    assert requests.post(url, json={"answer": "pay"}, timeout=5).status_code == 404
    assert requests.get(f"{world.url}/pay/1", timeout=5).status_code == 404


def test_a_payment_is_given_back_where_it_was_taken(world: KaspiNativeHarness) -> None:
    base, organization = f"{world.url}/r3", ORGANIZATION_BIN
    devices = KaspiDevices(NativeSettings(base, organization))
    assert [point.trade_point_id for point in devices.trade_points()] == [1, 2]
    assert all(isinstance(point, TradePoint) for point in devices.trade_points())
    token = devices.register("tourpay-2", 2).device_token
    assert devices.register("tourpay-2", 2).device_token == token
    with pytest.raises(ProviderRefused, match="-1503"):
        devices.register("tourpay-2", 1)
    with pytest.raises(ProviderRefused, match="-99000002"):
        devices.register("tourpay-3", 99)

    charge = world.begin(world.provider(), world.charge())
    world.pay(charge)
    assert charge.provider_reference is not None
    back = RefundOrder(
        str(uuid.uuid4()),
        charge,
        charge.provider_reference,
        Money(100, "KZT"),
        Money(0, "KZT"),
        "weather",
    )
    elsewhere = NativeSettings(base, organization, token)
    with pytest.raises(ProviderRefused, match="-99000003"):
        KaspiNative(elsewhere).refund(back)
    KaspiDevices(elsewhere).delete()
    with pytest.raises(ProviderRefused, match="-1501"):
        KaspiNative(elsewhere).start(Charge(str(uuid.uuid4()), Money(100, "KZT"), None, "KS"))
    assert world.book()["refunds"] == []


def test_a_stranger_has_no_trade_points(world: KaspiNativeHarness) -> None:
    assert KaspiDevices(NativeSettings(f"{world.url}/r3", "111111111111")).trade_points() == ()


def test_the_name_of_a_client(world: KaspiNativeHarness) -> None:
    query = f"deviceToken={DEVICE_TOKEN}&phoneNumber="

    assert ask(world, f"/v01/remote/client-info?{query}87015550123")["Data"]["ClientName"]
    assert ask(world, f"/v01/remote/client-info?{query}77015550123")["StatusCode"] == -1401
    assert ask(world, "/v01/remote/client-info?phoneNumber=87015550123")["StatusCode"] == -1501


@pytest.mark.parametrize("path", ["create-link", "create", "status", "refund"])
def test_the_proxy_lets_nobody_in_without_its_token(path: str) -> None:
    with kaspi(KaspiProxyHarness) as proxy:
        answer = requests.get(f"{proxy.url}/proxy/{path}/?access_token=other", timeout=5)
        assert answer.status_code == 401
        assert answer.json() == {"status": False, "error": "Invalid access token"}
        assert proxy.book()["requests"] == {}


def test_knobs_are_listed_refused_and_cleared(world: KaspiNativeHarness) -> None:
    url = f"{world.url}/_sim/knobs"

    assert requests.post(url, json={"fault": "explode"}, timeout=5).status_code == 400
    assert requests.post(url, json=[], timeout=5).status_code == 400
    world.turn("link", "drop")
    assert [knob["operation"] for knob in requests.get(url, timeout=5).json()] == ["link"]
    assert requests.delete(url, timeout=5).json() == []


def test_reset_forgets_all_but_the_first_device(world: KaspiNativeHarness) -> None:
    link(world)
    world.turn("link", "drop")

    requests.post(f"{world.url}/_sim/reset", timeout=5)

    assert world.book() == {"payments": [], "debits": [], "refunds": [], "requests": {}}
    assert link(world)
