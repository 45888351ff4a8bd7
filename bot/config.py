"""The settings: the only reader of the environment. `.env.example` lists every one of them."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.policy import Policy
from providers.registry import Timeouts

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

    otp_digits: int = Field(6, ge=4, le=8)
    otp_ttl_seconds: int = Field(300, ge=1, le=3_600)
    otp_tries: int = Field(3, ge=1, le=10)
    otp_resend_seconds: int = Field(30, ge=0)
    otp_redact_at_twilio: bool = True

    minimum_payment_minor: int = Field(1_000, ge=1)
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
    negative_wait_seconds: float = Field(60, ge=0)
    negative_again_seconds: float = Field(60, ge=0)
    check_pace: float = Field(1, gt=0)
    nudge_lost_seconds: float = Field(5, gt=0)
    claim_seconds: float = Field(10, gt=0)
    reply_claim_seconds: float = Field(30, gt=0)
    reply_uncertain_seconds: float = Field(60, gt=0)

    simulators_url: str | None = None
    crash_at: str | None = None
    crash_mark: Path | None = None

    @model_validator(mode="after")
    def _works_together(self) -> "Settings":
        wrong = [*_half_configured(self)]
        if self.environment == "production":
            wrong += _unfit_for_production(self)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def policy(self) -> Policy:
        """The numbers that the rules of money go by."""
        return Policy(
            minimum_minor=self.minimum_payment_minor,
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
        )

    def timeouts(self) -> Timeouts:
        """How long we wait for providers, and their customers for us."""
        return Timeouts(
            connect_seconds=self.provider_connect_seconds,
            call_seconds=self.provider_call_seconds,
            customer_seconds=self.otp_ttl_seconds,
            hold_seconds=self.hold_seconds,
            otp_tries=self.otp_tries,
        )

    def twilio_tokens(self) -> tuple[str, ...]:
        """The auth tokens whose signatures count: the present one, and the previous during
        rotation.
        """
        tokens = (self.twilio_auth_token, self.twilio_auth_token_previous)
        return tuple(token.get_secret_value() for token in tokens if token is not None)


def _half_configured(settings: Settings) -> list[str]:
    """A group of settings is there as a whole or not at all."""
    groups = {
        "Twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_whatsapp_number"),
        "Omari": ("omari_api_base_url", "omari_merchant_key"),
    }
    wrong = []
    for name, fields in groups.items():
        missing = [field.upper() for field in fields if getattr(settings, field) is None]
        if missing and len(missing) < len(fields):
            wrong.append(f"{name} is half configured: {', '.join(missing)} is missing")
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
    for field in ("public_base_url", "omari_api_base_url"):
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
