"""The demo phone: a page on which a visitor is the customer, with WhatsApp and the SMS side by
side.

The page talks to the simulators of the same server only: to `/_sim/twilio` as WhatsApp, to
`/omari/_sim` as the mobile network. The bot hears of it as it would in the world, by Twilio's
signed webhook.
"""

from dataclasses import asdict, dataclass

from flask import Blueprint, Response, jsonify, render_template

# Nothing may come from elsewhere, and nothing that a message holds may run.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; object-src 'none'"
)
OMARI_KNOBS = "/omari/_sim/knobs"
TWILIO_KNOBS = "/_sim/twilio/knobs"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody the visitor can be: `phone` is `+263771234567`, `booking` their reference, empty for
    a stranger.
    """

    name: str
    phone: str
    booking: str = ""


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    """What the page shows: the business's name over the chat, and who the visitor can be."""

    business_name: str
    customers: tuple[Customer, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """Something to write that leads to an interesting end."""

    text: str
    effect: str


@dataclass(frozen=True, slots=True)
class KnobCall:
    """One call that turns a knob."""

    path: str
    value: dict[str, object]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class PhoneKnob:
    """A button that makes the simulated world misbehave, and what the page says once it does."""

    title: str
    done: str
    calls: tuple[KnobCall, ...]


STRANGER = Customer("Somebody else", "+263779990000")

# The ends of these numbers mean something to the simulated Omari.
TRIES_NOTE = "Ask to pay with another number, and give one of these:"
TRIES = (
    Try("0771000051", "has not enough money"),
    Try("0771000048", "has no Omari wallet"),
    Try("0771000061", "is over its limit"),
    Try("0771000005", "is declined"),
    Try("0771000500", "Omari is out of order"),
    Try("0771000504", "pays, but Omari's answer is lost"),
)

KNOBS = (
    PhoneKnob(
        "Omari takes 8 seconds to answer",
        "The next code is answered late.",
        (KnobCall(OMARI_KNOBS, {"operation": "request", "fault": "slow_after", "seconds": 8.0}),),
    ),
    PhoneKnob(
        "Omari takes the money and its answer is lost",
        "The next payment's answer will never arrive.",
        (KnobCall(OMARI_KNOBS, {"operation": "request", "fault": "drop_after"}),),
    ),
    PhoneKnob(
        "Omari is down for the next request",
        "The next request to Omari gets HTTP 502.",
        (KnobCall(OMARI_KNOBS, {"fault": "status", "status": 502}),),
    ),
    PhoneKnob(
        "Twilio takes a reply and its answer is lost",
        "The bot will not know whether its next reply was taken.",
        (KnobCall(TWILIO_KNOBS, {"faults": [{"kind": "lose", "count": 1}]}),),
    ),
    PhoneKnob(
        "Twilio is too busy for three replies",
        "The next three replies are turned away with HTTP 429.",
        (
            KnobCall(
                TWILIO_KNOBS,
                {"faults": [{"kind": "refuse", "http_status": 429, "code": 20429, "count": 3}]},
            ),
        ),
    ),
    PhoneKnob(
        "Everything behaves again",
        "All is well.",
        (
            KnobCall(OMARI_KNOBS, {}, "DELETE"),
            KnobCall(TWILIO_KNOBS, {"faults": []}),
        ),
    ),
)


def create_phone(settings: PhoneSettings) -> Blueprint:
    """The page at `/demo`, for the root of the server that holds the simulators."""
    blueprint = Blueprint(
        "phone",
        __name__,
        url_prefix="/demo",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    customers = settings.customers
    if all(customer.phone != STRANGER.phone for customer in customers):
        customers += (STRANGER,)

    @blueprint.get("")
    def page() -> str:
        return render_template("demo.html", business_name=settings.business_name)

    @blueprint.get("/setup")
    def setup() -> Response:
        return jsonify(
            business_name=settings.business_name,
            customers=[asdict(customer) for customer in customers],
            tries_note=TRIES_NOTE,
            tries=[asdict(one) for one in TRIES],
            knobs=[asdict(knob) for knob in KNOBS],
        )

    blueprint.after_request(_protect)
    return blueprint


def _protect(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer
