"""What the load is made of: requests as Twilio's webhook brings them, signed and ready to send."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from secrets import token_hex
from urllib.parse import urlencode, urlsplit

from tests.journey.house import ACCOUNT_SID, AUTH_TOKEN, NUMBER

# One conversation up to the moment before a provider is called; it can be had again and again.
SCRIPT = ("pay", "{reference}", "50", "cancel")


def phone_of(number: int) -> str:
    """The phone of the traveller of this number, international digits."""
    return f"2637{number:08d}"


def reference_of(number: int) -> str:
    """The booking reference of the traveller of this number."""
    return f"KS-{number:07d}"


def sign(url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature, by Twilio's published rule."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def request(url: str, form: Mapping[str, str]) -> bytes:
    """A signed POST over a connection that is kept."""
    body = urlencode(form).encode()
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    head = (
        f"POST {parts.path}{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\nUser-Agent: TwilioProxy/1.1\r\n"
        f"X-Twilio-Signature: {sign(url, form)}\r\n\r\n"
    )
    return head.encode() + body


def message(url: str, number: int, text: str) -> bytes:
    """A text of a traveller, with the parameters that WhatsApp messages have at Twilio."""
    phone, sid = phone_of(number), f"SM{token_hex(16)}"
    return request(
        url,
        {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "Body": text.format(reference=reference_of(number)),
            "ChannelMetadata": '{"type":"whatsapp","data":{"context":{"ProfileName":"Tendai"}}}',
            "From": f"whatsapp:+{phone}",
            "MessageSid": sid,
            "MessageType": "text",
            "NumMedia": "0",
            "NumSegments": "1",
            "ProfileName": "Tendai",
            "ReferralNumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": f"whatsapp:{NUMBER}",
            "WaId": phone,
        },
    )
