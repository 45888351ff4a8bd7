"""The settings: all that is wrong is said at once, by name, and never with a value."""

import pytest

from bot.config import SettingsError, load_settings


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Away from anybody's `.env`, and without what the test run itself was given."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_development_needs_no_settings() -> None:
    assert load_settings().environment == "development"


def test_production_names_everything_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, ENVIRONMENT="production")
    for name in (
        "SECRET_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "TWILIO_ACCOUNT_SID",
        "PUBLIC_BASE_URL",
    ):
        assert name in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIMULATORS_URL", "http://127.0.0.1:5002"),
        ("TWILIO_API_URL", "https://twilio.example"),
        ("CRASH_AT", "settled"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_PREVIOUS", "short"),
        ("OMARI_API_BASE_URL", "http://omari.example"),
    ],
)
def test_production_refuses_what_is_for_development(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    fit = {
        "ENVIRONMENT": "production",
        "SECRET_KEY": "k" * 40,
        "PUBLIC_BASE_URL": "https://pay.example",
        "DATABASE_URL": "postgresql+psycopg://db.example/tourpay",
        "REDIS_URL": "redis://redis.example/0",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_WHATSAPP_NUMBER": "+14155238886",
        "OMARI_MERCHANT_KEY": "key",
        "OMARI_API_BASE_URL": "https://omari.example",
    }
    for key, setting in fit.items():
        monkeypatch.setenv(key, setting)
    assert load_settings().environment == "production"
    assert name in refusal(monkeypatch, **{name: value})


def test_a_provider_half_configured_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, OMARI_MERCHANT_KEY="a key that is not shown")
    assert "OMARI_API_BASE_URL is missing" in said
    assert "a key that is not shown" not in said


def test_a_setting_without_a_value_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_PREVIOUS", "")
    assert load_settings().twilio_tokens() == ()


def test_an_unknown_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ENVIRONMENT" in refusal(monkeypatch, ENVIRONMENT="staging")
