"""A simulated Twilio: its REST API for WhatsApp, and the customers who write to it.

It answers with Twilio's own error codes:

    20003 wrong account or token     21211 bad To            21617 body over 1600 characters
    21602 nothing to send            21604 To is missing     21655 no such ContentSid
    63007 From is not ours           21609 bad callback URL  21656 ContentVariables is no object of
    strings

Free text more than 24 hours after the customer's last message is taken, and fails later by status
callback with 63016; so does a template that nobody approved. A TwiML answer to the webhook is not
read: replies come by REST.
"""

from dataclasses import dataclass, field

from flask import Blueprint

from providers.simulators.whatsapp.book import API_VERSION, Book
from providers.simulators.whatsapp.content import Contents
from providers.simulators.whatsapp.content_api import ContentApi
from providers.simulators.whatsapp.customer import Business, CustomerSide
from providers.simulators.whatsapp.delivery import Delivery
from providers.simulators.whatsapp.gate import Gate
from providers.simulators.whatsapp.knobs import Knobs, Turned
from providers.simulators.whatsapp.messages import MessagesApi
from providers.simulators.whatsapp.pictures import Pictures
from providers.simulators.whatsapp.webhooks import Caller


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One simulated account with one WhatsApp number.

    `webhook_url` and `fallback_url` are what would stand in Twilio's console, with or without
    `#rc=…` overrides; `whatsapp_number` is `+14155238886`, with or without `whatsapp:` before it.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    whatsapp_number: str
    webhook_url: str
    fallback_url: str = ""
    behaviour: Turned = field(default_factory=Turned)

    @property
    def number(self) -> str:
        """The business's channel address, `whatsapp:+14155238886`."""
        return f"whatsapp:{self.whatsapp_number.removeprefix('whatsapp:')}"


def create_twilio(settings: TwilioSettings) -> Blueprint:
    """The simulated Twilio, to be mounted at the root of a server.

    Each call makes an account with a book of its own.
    """
    book, contents, knobs = Book(), Contents(), Knobs(settings.behaviour)
    caller, pictures = Caller(settings.auth_token), Pictures()
    delivery = Delivery(settings.account_sid, book, caller, pictures)
    gate = Gate(settings.account_sid, settings.auth_token, knobs)
    business = Business(
        settings.account_sid, settings.number, settings.webhook_url, settings.fallback_url
    )
    messages = MessagesApi(settings.number, book, contents, delivery, knobs, gate)
    customer = CustomerSide(business, book, caller, delivery, knobs, messages)

    blueprint = Blueprint("twilio", __name__)
    _add_messages(blueprint, messages)
    _add_content(blueprint, ContentApi(settings.account_sid, contents, gate))
    _add_customer(blueprint, customer, pictures)
    return blueprint


def _add_messages(blueprint: Blueprint, api: MessagesApi) -> None:
    folder = f"/{API_VERSION}/Accounts/<account_sid>/Messages"
    add = blueprint.add_url_rule
    add(f"{folder}.json", "create_message", api.create, methods=["POST"])
    add(f"{folder}.json", "list_messages", api.listing, methods=["GET"])
    add(f"{folder}/<sid>.json", "fetch_message", api.fetch, methods=["GET"])
    add(f"{folder}/<sid>.json", "update_message", api.update, methods=["POST"])
    add(f"{folder}/<sid>.json", "delete_message", api.delete, methods=["DELETE"])
    add("/v2/Indicators/Typing.json", "typing", api.show_typing, methods=["POST"])


def _add_content(blueprint: Blueprint, api: ContentApi) -> None:
    add = blueprint.add_url_rule
    add("/v1/Content", "create_content", api.create, methods=["POST"])
    add("/v1/Content", "list_contents", api.listing, methods=["GET"])
    add("/v1/Content/<sid>", "fetch_content", api.fetch, methods=["GET"])
    add("/v1/Content/<sid>", "delete_content", api.delete, methods=["DELETE"])
    approvals = "/v1/Content/<sid>/ApprovalRequests"
    add(approvals, "fetch_approval", api.approval, methods=["GET"])
    add(f"{approvals}/whatsapp", "ask_approval", api.ask_approval, methods=["POST"])


def _add_customer(blueprint: Blueprint, customer: CustomerSide, pictures: Pictures) -> None:
    add = blueprint.add_url_rule
    add("/_sim/twilio/inbound", "inbound", customer.inbound, methods=["POST"])
    add("/_sim/twilio/messages", "phone_messages", customer.messages, methods=["GET"])
    add("/_sim/twilio/pictures/<sid>/<int:place>", "picture", pictures.show, methods=["GET"])
    add("/_sim/twilio/book", "book", customer.book, methods=["GET"])
    add("/_sim/twilio/knobs", "knobs", customer.knobs, methods=["GET", "POST"])
    add("/_sim/twilio/reset", "reset", customer.reset, methods=["POST"])
