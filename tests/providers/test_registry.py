"""The list of providers: what it promises of each, and accounts that lack something."""

import pytest

from providers.contract import ConfirmsByOtp, Provider
from providers.entry import CredentialsMissing, Surroundings, Timeouts, WayKind
from providers.refunds import Refunds
from providers.registry import PROVIDERS, WAYS, build
from tests.providers.contract_harnesses import HARNESSES
from tests.providers.shelf import MemoryShelf

COMPLETE = {
    "omari": {"base_url": "https://omari.test", "merchant_key": "merchant-key"},
    "kaspi": {
        "mode": "proxy",
        "base_url": "https://kaspi.test",
        "access_token": "merchant-key",
        "organization_bin": "180340021791",
        "device_token": "merchant-key",
    },
    "phonepe": {
        "environment": "SANDBOX",
        "client_id": "CLIENT",
        "client_secret": "merchant-key",
        "client_version": "1",
        "webhook_username": "tourpay",
        "webhook_password": "Merchantkey1",
    },
    "cashfree": {"environment": "TEST", "app_id": "APP", "secret_key": "merchant-key"},
}
# Accounts of another kind with the same provider.
OTHERS = {
    "kaspi native": {
        "mode": "native",
        "base_url": "https://kaspi.test/r3",
        "organization_bin": "180340021791",
        "device_token": "merchant-key",
        "client_cert": __file__,
        "client_key": __file__,
    },
    "kaspi native without TLS": {
        "mode": "native",
        "base_url": "http://kaspi.test/r3",
        "organization_bin": "180340021791",
        "device_token": "merchant-key",
    },
    "phonepe v1": {
        "environment": "SANDBOX",
        "merchant_id": "MERCHANT",
        "salt_key": "merchant-key",
        "salt_index": "1",
    },
}
# What can never work, and the word for it.
WRONG = [
    ("omari", {"base_url": "ftp://omari.test"}, "base URL"),
    ("omari", {"merchant_key": "merchant-key with spaces"}, "merchant key"),
    ("kaspi", {"mode": "both", "base_url": "http://kaspi.test"}, "mode"),
    ("kaspi", {"organization_bin": "12"}, "BIN"),
    ("kaspi", {"invoice_checks": "3600,300"}, "times to check"),
    ("phonepe", {"environment": "sandbox"}, "environment"),
    ("phonepe", {"checkout": "card"}, "checkout"),
    ("phonepe", {"client_secret": "merchant-key with spaces"}, "client secret"),
    ("cashfree", {"environment": "SANDBOX"}, "(?i)environment"),
]
SURROUNDINGS = Surroundings(
    "https://bot.test/callbacks/x/1", "https://bot.test/paid", MemoryShelf()
)


def test_every_provider_has_a_complete_account_here() -> None:
    assert set(COMPLETE) == set(PROVIDERS)


def test_every_provider_is_in_the_contract_suite() -> None:
    assert {kind.key for kind, _ in HARNESSES.values()} == set(PROVIDERS)


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_complete_account_gives_an_adapter_that_agrees_with_its_entry(name: str) -> None:
    timeouts = Timeouts(call_seconds=7.0, hold_seconds=60)
    provider = build(name, COMPLETE[name], timeouts, SURROUNDINGS)

    assert isinstance(provider, Provider)
    entry = PROVIDERS[name]
    assert (provider.name, provider.title) == (name, entry.title)
    assert provider.currencies == entry.currencies
    kinds = {way.kind for way in entry.ways}
    assert (WayKind.CODE in kinds) == isinstance(provider, ConfirmsByOtp)
    assert provider.terms(None).call_seconds == 7.0
    assert (entry.refund_days is not None) == isinstance(provider, Refunds)
    assert entry.missing(COMPLETE[name]) == ()
    assert entry.secrets <= set(entry.settings.values())


def test_no_two_ways_have_one_key() -> None:
    assert len(WAYS) == sum(len(entry.ways) for entry in PROVIDERS.values())


@pytest.mark.parametrize(
    ("name", "missing"), [(name, key) for name in COMPLETE for key in COMPLETE[name]]
)
def test_what_an_account_lacks_is_named(name: str, missing: str) -> None:
    with pytest.raises(CredentialsMissing, match=f"{name} needs {missing}") as told:
        build(name, COMPLETE[name] | {missing: ""}, Timeouts(), SURROUNDINGS)

    assert "merchant-key" not in str(told.value)


@pytest.mark.parametrize("account", sorted(OTHERS))
def test_an_account_of_another_kind_is_complete_with_its_own_keys(account: str) -> None:
    name, credentials = account.split()[0], OTHERS[account]
    provider = build(name, credentials, Timeouts(), SURROUNDINGS)

    assert isinstance(provider, Provider)
    assert type(provider) is not type(build(name, COMPLETE[name], Timeouts(), SURROUNDINGS))
    for missing in credentials:
        with pytest.raises(CredentialsMissing, match=rf"{name} needs .*\b{missing}\b"):
            build(name, credentials | {missing: ""}, Timeouts(), SURROUNDINGS)


@pytest.mark.parametrize(("name", "change", "word"), WRONG)
def test_what_can_never_work_is_said_without_the_keys(
    name: str, change: dict[str, str], word: str
) -> None:
    with pytest.raises(ValueError, match=word) as told:
        build(name, COMPLETE[name] | change, Timeouts(), SURROUNDINGS)

    assert "merchant-key" not in str(told.value)


def test_omari_takes_its_channel_from_the_account() -> None:
    with pytest.raises(ValueError, match="channel"):
        build("omari", COMPLETE["omari"] | {"channel": "SHOP"}, Timeouts(), SURROUNDINGS)


def test_a_provider_that_we_do_not_have() -> None:
    with pytest.raises(KeyError):
        build("nobody", {}, Timeouts(), SURROUNDINGS)
