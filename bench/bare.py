"""The baseline of a turn: a bare Flask route that only checks the same signature.

It runs under the very gunicorn line of the Procfile, as `bench.bare:application`.
"""

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator

from tests.journey.house import AUTH_TOKEN

application = Flask("bare")


@application.post("/whatsapp/inbound")
def inbound() -> Response:
    """200 with a good signature, else 403."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(AUTH_TOKEN).validate(request.url, request.form, signature):
        return Response("signature", status=403)
    return Response("<Response/>", content_type="text/xml")
