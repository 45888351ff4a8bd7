"""What a customer of the simulated PhonePe gets to see: the page behind a link, the script that
opens it from a merchant's own page, and the picture of a QR code.
"""

import base64

from flask import Response, request

from providers.simulators.drawing import png
from providers.simulators.pay_page import PayPage, show
from providers.simulators.phonepe.book import OPEN, NoSuchThing, NotNow, Order
from providers.simulators.phonepe.world import World

_ANSWERS = (
    ("pay", "Pay"),
    ("attempt", "Try with a wrong PIN"),
    ("decline", "Decline"),
    ("expire", "Let it expire"),
)
_STATES = {
    OPEN: "Waiting for you.",
    "COMPLETED": "Paid.",
    "FAILED": "Declined.",
    "EXPIRED": "Expired.",
    "CANCELLED": "Cancelled by the merchant.",
}
# PhonePe's own script checks where it was loaded from; this one only goes where it is told to.
SCRIPT = """window.PhonePeCheckout = {
  transact: function (options) { window.location.href = options.tokenUrl; },
  closePage: function () {}
};
"""
_PICTURE_PIXELS = 29


def serve(world: World, order_id: str) -> Response:
    """The page of an order; what is posted to it is what the customer does."""
    try:
        order = world.book.order(order_id)
        if request.method == "POST":
            world.act(order_id, request.form.get("answer", ""), None)
            if order.return_url and order.state != OPEN:
                return Response(status=303, headers={"Location": order.return_url})
    except NoSuchThing:
        return Response("There is no such page.", 404, mimetype="text/plain")
    except NotNow as problem:
        return Response(f"Not now: {problem}.", 409, mimetype="text/plain")
    page = PayPage(
        provider="PhonePe",
        payee=world.settings.merchant_name,
        amount=f"INR {order.amount_minor / 100:,.2f}",
        reference=order.reference,
        state=_STATES[order.state],
        answers=_ANSWERS if order.state == OPEN else (),
    )
    return Response(show(page), mimetype="text/html")


def upi_address(order: Order, payee: str) -> str:
    """What the QR code of an order says."""
    rupees = f"{order.amount_minor // 100}.{order.amount_minor % 100:02d}"
    name = payee.replace(" ", "%20")
    return f"upi://pay?pa=simulated@ybl&pn={name}&am={rupees}&cu=INR&tr={order.id}"


def picture() -> str:
    """A small PNG in base64: a chequered square, because nothing here can scan."""
    rows = [
        bytes(255 * ((x // 4 + y // 4) % 2) for x in range(_PICTURE_PIXELS))
        for y in range(_PICTURE_PIXELS)
    ]
    return base64.b64encode(png(rows)).decode()
