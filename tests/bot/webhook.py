"""Our webhooks as Twilio calls them."""

from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from tests.conftest import AUTH_TOKEN, PUBLIC_URL

PATH = "/whatsapp/inbound"
SID = f"SM{'1' * 32}"


def post(
    client: FlaskClient,
    fields: dict[str, str],
    *,
    path: str = PATH,
    token: str = AUTH_TOKEN,
    base: str = PUBLIC_URL,
) -> TestResponse:
    """POST as Twilio does, signed for the public address."""
    signature = RequestValidator(token).compute_signature(base + path, fields)
    headers = {"X-Twilio-Signature": signature}
    return client.post(path, data=fields, headers=headers, base_url="http://10.0.0.7:8080")
