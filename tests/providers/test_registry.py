"""The list of providers: what it promises of each, and accounts that lack something."""

import pytest

from providers.contract import ConfirmsByOtp, Provider
from providers.registry import PROVIDERS, CredentialsMissing, Timeouts, build

COMPLETE = {
    "omari": {"base_url": "https://omari.test", "merchant_key": "merchant-key"},
}


def test_every_provider_has_a_complete_account_here() -> None:
    assert set(COMPLETE) == set(PROVIDERS)


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_complete_account_gives_an_adapter_that_agrees_with_its_entry(name: str) -> None:
    provider = build(name, COMPLETE[name], Timeouts(call_seconds=7.0, hold_seconds=60))

    assert isinstance(provider, Provider)
    entry = PROVIDERS[name]
    assert (provider.name, provider.title) == (name, entry.title)
    assert provider.currencies == entry.currencies
    assert entry.takes_otp == isinstance(provider, ConfirmsByOtp)
    assert (provider.terms.call_seconds, provider.terms.hold_seconds) == (7.0, 60)
    assert set(entry.credentials) == set(COMPLETE[name])


@pytest.mark.parametrize(
    ("name", "missing"), [(name, key) for name in COMPLETE for key in COMPLETE[name]]
)
def test_what_an_account_lacks_is_named(name: str, missing: str) -> None:
    with pytest.raises(CredentialsMissing, match=f"{name} needs {missing}") as told:
        build(name, COMPLETE[name] | {missing: ""}, Timeouts())

    assert "merchant-key" not in str(told.value)


def test_omari_takes_its_channel_from_the_account() -> None:
    with pytest.raises(ValueError, match="channel"):
        build("omari", COMPLETE["omari"] | {"channel": "SHOP"}, Timeouts())


def test_a_provider_that_we_do_not_have() -> None:
    with pytest.raises(KeyError):
        build("nobody", {}, Timeouts())
