"""Addresses of ours that customers open: a page that leads to a payment's link, and its picture."""

from dataclasses import dataclass, field
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from domain.sealing import derive_key


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses, and reads the token that stands in them. It names one payment, is signed
    and never expires: what the payment allows is decided when it is opened.
    """

    base_url: str
    _serializer: URLSafeSerializer = field(repr=False)

    @classmethod
    def of(cls, base_url: str, secret: str, previous: str | None = None) -> "Links":
        secrets = [previous, secret] if previous else [secret]
        keys = [derive_key(each, "links") for each in secrets]
        return cls(base_url.rstrip("/"), URLSafeSerializer(keys, salt="payment"))

    def go(self, payment_id: UUID) -> str:
        """Where the customer opens the payment's link."""
        return f"{self.base_url}/go/{self._token(payment_id)}"

    def picture(self, payment_id: UUID) -> str:
        """The payment's QR code as a PNG."""
        return f"{self.base_url}/qr/{self._token(payment_id)}.png"

    def read(self, token: str) -> UUID | None:
        """The payment that a token names, or None for one that we did not make."""
        try:
            return UUID(hex=self._serializer.loads(token))
        except (BadSignature, ValueError, TypeError, AttributeError):
            return None

    def _token(self, payment_id: UUID) -> str:
        return str(self._serializer.dumps(payment_id.hex))
