"""The promises that need no simulator, asked of the providers' real sandboxes: only with `--live`.

`python -m pytest -n 0 tests/providers/test_contract_live.py --live`, with the settings of the
sandboxes in the environment. Nobody pays: what is started is voided, or left to run out.
"""

import os

import pytest

from providers.contract import (
    Cancels,
    ConfirmsByOtp,
    EnterOtp,
    ProviderError,
    Status,
)
from providers.notices import NoticeForged, NoticeRequest, NoticeUnreadable, ReadsNotices
from providers.registry import PROVIDERS
from tests.providers.harness import begin
from tests.providers.live import OMARI_PAYER, NotAsked, Sandbox, sandbox

OMARI_SANDBOX = {
    "OMARI_API_BASE_URL": "https://omari.test/uat/payment",
    "OMARI_MERCHANT_KEY": "merchant-key",
    OMARI_PAYER: "263771234567",
}
CASHFREE_SANDBOX = {
    "CASHFREE_ENV": "TEST",
    "CASHFREE_APP_ID": "APP",
    "CASHFREE_SECRET_KEY": "merchant-key",
}


@pytest.fixture(params=sorted(PROVIDERS))
def account(request: pytest.FixtureRequest) -> Sandbox:
    """The sandbox of this provider; without its settings the test is skipped, and says so."""
    try:
        return sandbox(request.param, os.environ)
    except NotAsked as reason:
        pytest.skip(f"{request.param} {reason}")


@pytest.mark.live
def test_the_sandbox_is_there(account: Sandbox) -> None:
    assert account.provider().probe().http_status is not None


@pytest.mark.live
def test_a_payment_that_nobody_made_is_not_found(account: Sandbox) -> None:
    assert account.provider().check(account.unknown()).status is Status.NOT_FOUND


@pytest.mark.live
def test_a_new_payment_stands_open_and_can_be_voided_where_that_is_offered(
    account: Sandbox,
) -> None:
    provider, charge = account.provider(), account.charge()

    act, begun = begin(provider, charge)

    assert isinstance(act, EnterOtp) == isinstance(provider, ConfirmsByOtp)
    assert provider.check(begun).status is Status.OPEN
    if isinstance(provider, Cancels) and provider.can_cancel(begun):
        assert provider.cancel(begun).status is Status.CANCELLED
        assert provider.check(begun).status is Status.CANCELLED


@pytest.mark.live
def test_wrong_keys_get_nothing(account: Sandbox) -> None:
    charge = account.charge()

    with pytest.raises(ProviderError):
        account.stranger().start(charge)

    assert account.provider().check(charge).status is Status.NOT_FOUND


@pytest.mark.live
def test_a_notice_that_the_provider_did_not_sign_is_turned_away(account: Sandbox) -> None:
    provider = account.provider()
    if not isinstance(provider, ReadsNotices):
        pytest.skip(f"{account.name} sends no notices")
    forged = {"authorization": "0" * 64, "x-webhook-timestamp": "1", "x-webhook-signature": "AAAA"}

    for body in (b'{"response":"e30="}', b'{"event":"x","type":"x","data":{},"payload":{}}'):
        with pytest.raises((NoticeForged, NoticeUnreadable)):
            provider.read_notice(NoticeRequest({**forged, "x-verify": "0###1"}, body))


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("omari", "OMARI_API_BASE_URL, OMARI_MERCHANT_KEY, OMARI_LIVE_PAYER"),
        ("kaspi", "KASPI_MODE, KASPI_API_BASE_URL, KASPI_ORGANIZATION_BIN, KASPI_DEVICE_TOKEN"),
        ("phonepe", "PHONEPE_ENV, PHONEPE_CLIENT_ID, PHONEPE_CLIENT_SECRET"),
        ("cashfree", "CASHFREE_ENV, CASHFREE_APP_ID, CASHFREE_SECRET_KEY"),
    ],
)
def test_what_is_missing_for_a_sandbox_is_named(name: str, missing: str) -> None:
    with pytest.raises(NotAsked, match=missing):
        sandbox(name, {})


def test_only_what_is_surely_a_sandbox_is_asked() -> None:
    assert sandbox("omari", OMARI_SANDBOX).name == "omari"
    assert sandbox("cashfree", CASHFREE_SANDBOX).name == "cashfree"
    for name, settings in (
        ("omari", OMARI_SANDBOX | {"OMARI_API_BASE_URL": "https://omari.test/payment"}),
        ("cashfree", CASHFREE_SANDBOX | {"CASHFREE_ENV": "PRODUCTION"}),
        ("cashfree", CASHFREE_SANDBOX | {"CASHFREE_API_BASE_URL": "https://api.test/pg"}),
    ):
        with pytest.raises(NotAsked, match="not surely those of a sandbox") as told:
            sandbox(name, settings)
        assert "merchant-key" not in str(told.value)
