"""The address that a person of staff is sent to choose a password."""

from bot.config import Settings


def join_address(settings: Settings, token: str) -> str:
    """Where the link of this token leads."""
    return f"{settings.public_base_url.rstrip('/')}/admin/join/{token}"
