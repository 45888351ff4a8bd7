"""The settings: the only reader of the environment. `.env.example` lists every one of them."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.policy import Policy
from providers.entry import ProviderEntry, Timeouts
from providers.registry import PROVIDERS

_DEVELOPMENT_SECRET = "development only, never in production"  # noqa: S105 - refused in production
_SHORTEST_SECRET = 32


class SettingsError(ValueError):
    """Settings that cannot work; the message names each and says what is wrong, never a value."""


class Settings(BaseSettings):
    """What a deployment sets. Names in the environment are these in upper case. Times in
    seconds.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    environment: Literal["development", "test", "production"] = "development"
    secret_key: SecretStr = SecretStr(_DEVELOPMENT_SECRET)
    secret_key_previous: SecretStr | None = None
    public_base_url: str = "http://127.0.0.1:5000"
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    default_operator: str = "Kalai Safaris"
    data_folder: Path = Path(".data")
    time_zone: str = "UTC"
    trusted_proxies: int = Field(0, ge=0, le=5)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_auth_token_previous: SecretStr | None = None
    twilio_whatsapp_number: str | None = None
    twilio_api_url: str | None = None
    twilio_buttons: bool = True

    omari_api_base_url: str | None = None
    omari_merchant_key: SecretStr | None = None
    omari_channel: Literal["WEB", "POS"] = "WEB"

    kaspi_mode: Literal["proxy", "native"] | None = None
    kaspi_api_base_url: str | None = None
    kaspi_access_token: SecretStr | None = None
    kaspi_organization_bin: str | None = None
    kaspi_device_token: SecretStr | None = None
    kaspi_client_cert: str | None = None
    kaspi_client_key: str | None = None
    kaspi_status_version: Literal["v01", "v02"] | None = None
    kaspi_invoice_seconds: int | None = Field(None, ge=60)
    kaspi_invoice_checks_seconds: str | None = Field(None, pattern=r"\d+(,\d+)*")

    phonepe_env: Literal["SANDBOX", "PRODUCTION"] | None = None
    phonepe_api_base_url: str | None = None
    phonepe_client_id: str | None = None
    phonepe_client_secret: SecretStr | None = None
    phonepe_client_version: str | None = None
    phonepe_webhook_username: str | None = None
    phonepe_webhook_password: SecretStr | None = None
    phonepe_merchant_id: str | None = None
    phonepe_salt_key: SecretStr | None = None
    phonepe_salt_index: str | None = None
    phonepe_checkout: Literal["link", "page", "qr"] | None = None

    cashfree_env: Literal["TEST", "PRODUCTION"] | None = None
    cashfree_api_base_url: str | None = None
    cashfree_app_id: str | None = None
    cashfree_secret_key: SecretStr | None = None
    cashfree_secret_key_previous: SecretStr | None = None
    cashfree_api_version: str | None = None

    otp_digits: int = Field(6, ge=4, le=8)
    otp_ttl_seconds: int = Field(300, ge=1, le=3_600)
    otp_tries: int = Field(3, ge=1, le=10)
    otp_resend_seconds: int = Field(30, ge=0)
    otp_redact_at_twilio: bool = True

    minimum_payment_minor: int = Field(1_000, ge=1)
    refund_alone_minor: int = Field(0, ge=0)
    account_cooling_hours: float = Field(24, ge=0, le=720)
    payer_starts_per_hour: int = Field(3, ge=1)
    payer_starts_per_day: int = Field(6, ge=1)
    contact_starts_per_hour: int = Field(6, ge=1)
    contact_starts_per_day: int = Field(12, ge=1)
    contact_messages_per_minute: int = Field(30, ge=1)
    lookup_tries_per_contact: int = Field(10, ge=1)
    lookup_tries_per_reference: int = Field(10, ge=1)

    provider_connect_seconds: float = Field(10, gt=0)
    provider_call_seconds: float = Field(30, gt=0)
    lease_margin_seconds: float = Field(15, gt=0)
    hold_seconds: int = Field(300, ge=1)
    link_seconds: int = Field(1_200, ge=300, le=1_800)
    negative_wait_seconds: float = Field(60, ge=0)
    negative_again_seconds: float = Field(60, ge=0)
    check_pace: float = Field(1, gt=0)
    nudge_lost_seconds: float = Field(5, gt=0)
    claim_seconds: float = Field(10, gt=0)
    pause_after_failures: int = Field(5, ge=2)
    probe_seconds: float = Field(60, gt=0)
    reply_claim_seconds: float = Field(30, gt=0)
    reply_uncertain_seconds: float = Field(60, gt=0)

    simulators_url: str | None = None
    crash_at: str | None = None
    crash_mark: Path | None = None

    @model_validator(mode="after")
    def _works_together(self) -> "Settings":
        wrong = [*_half_configured(self)]
        if self.time_zone not in available_timezones():
            wrong.append("TIME_ZONE is no zone's name, such as Africa/Harare")
        if self.environment == "production":
            wrong += _unfit_for_production(self)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def policy(self) -> Policy:
        """The numbers that the rules of money go by."""
        return Policy(
            minimum_minor=self.minimum_payment_minor,
            refund_alone_minor=self.refund_alone_minor,
            payer_starts_per_hour=self.payer_starts_per_hour,
            payer_starts_per_day=self.payer_starts_per_day,
            contact_starts_per_hour=self.contact_starts_per_hour,
            contact_starts_per_day=self.contact_starts_per_day,
            otp_resend_seconds=self.otp_resend_seconds,
            lookup_tries_per_contact=self.lookup_tries_per_contact,
            lookup_tries_per_reference=self.lookup_tries_per_reference,
            lease_margin_seconds=self.lease_margin_seconds,
            negative_wait_seconds=self.negative_wait_seconds,
            negative_again_seconds=self.negative_again_seconds,
            check_pace=self.check_pace,
            nudge_lost_seconds=self.nudge_lost_seconds,
            claim_seconds=self.claim_seconds,
            pause_after_failures=self.pause_after_failures,
            probe_seconds=self.probe_seconds,
        )

    def timeouts(self) -> Timeouts:
        """How long we wait for providers, and their customers for us."""
        return Timeouts(
            connect_seconds=self.provider_connect_seconds,
            call_seconds=self.provider_call_seconds,
            customer_seconds=self.otp_ttl_seconds,
            hold_seconds=self.hold_seconds,
            link_seconds=self.link_seconds,
            otp_tries=self.otp_tries,
        )

    def credentials(self, entry: ProviderEntry) -> dict[str, str]:
        """The default operator's account with this provider, as far as it is set: {} where nothing
        but defaults is.
        """
        fields = {setting.lower(): key for setting, key in entry.settings.items()}
        if all(getattr(self, name) == type(self).model_fields[name].default for name in fields):
            return {}
        values = {key: getattr(self, name) for name, key in fields.items()}
        return {
            key: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for key, value in values.items()
            if value is not None
        }

    def twilio_tokens(self) -> tuple[str, ...]:
        """The auth tokens whose signatures count: the present one, and the previous during
        rotation.
        """
        tokens = (self.twilio_auth_token, self.twilio_auth_token_previous)
        return tuple(token.get_secret_value() for token in tokens if token is not None)


def _half_configured(settings: Settings) -> list[str]:
    """A group of settings is there as a whole or not at all."""
    wrong = []
    fields = ("twilio_account_sid", "twilio_auth_token", "twilio_whatsapp_number")
    missing = [field.upper() for field in fields if getattr(settings, field) is None]
    if missing and len(missing) < len(fields):
        wrong.append(f"Twilio is half configured: {', '.join(missing)} is missing")
    for entry in PROVIDERS.values():
        credentials = settings.credentials(entry)
        called = {key: setting for setting, key in entry.settings.items()}
        missing = [called[key] for key in entry.missing(credentials)] if credentials else []
        if missing:
            wrong.append(f"{entry.title} is half configured: {', '.join(missing)} is missing")
    return wrong


def _unfit_for_production(settings: Settings) -> list[str]:
    wrong = []
    secret = settings.secret_key.get_secret_value()
    previous = revealed(settings.secret_key_previous)
    if previous is not None and len(previous) < _SHORTEST_SECRET:
        wrong.append(f"SECRET_KEY_PREVIOUS must be at least {_SHORTEST_SECRET} characters")
    if secret == _DEVELOPMENT_SECRET or len(secret) < _SHORTEST_SECRET:
        wrong.append(
            f"SECRET_KEY must be at least {_SHORTEST_SECRET} characters, made for this deployment"
        )
    needed = ("database_url", "redis_url", "twilio_account_sid")
    wrong += [f"{field.upper()} is missing" for field in needed if getattr(settings, field) is None]
    settings_of_providers = (name for entry in PROVIDERS.values() for name in entry.settings)
    urls = [name.lower() for name in settings_of_providers if name.endswith("_BASE_URL")]
    for field in ("public_base_url", *urls):
        url = getattr(settings, field)
        if url is not None and urlsplit(url).scheme != "https":
            wrong.append(f"{field.upper()} must begin with https://")
    for field in ("simulators_url", "crash_at", "twilio_api_url"):
        if getattr(settings, field) is not None:
            wrong.append(f"{field.upper()} is for development and tests only")
    return wrong


def revealed(secret: SecretStr | None) -> str | None:
    """The text of a secret setting, where it is set."""
    return None if secret is None else secret.get_secret_value()


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises SettingsError with everything that is wrong
    at once.
    """
    try:
        return Settings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        lines = [
            ": ".join((".".join(str(part) for part in each["loc"]).upper(), each["msg"])).lstrip(
                ": "
            )
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None
