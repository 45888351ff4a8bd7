"""The steps at which the customer pays outside this chat: behind a link, or in the provider's app.

Nothing that is written here ever counts as a payment: it makes us ask the provider.
"""

from dataclasses import replace
from datetime import datetime

from flows import facts
from flows.amounts import AmountStep
from flows.answers import NotAnOtp, Otp, read_otp, read_paid
from flows.changing import Changing
from flows.desk import PaymentView, WayKind
from flows.flow import Misheard
from flows.phrases import Rendered, Words
from flows.standing import AT_THE_CUSTOMER
from flows.turns import Choice, Link, Reply, Said

LIKELY_OTP_DIGITS = 6


class Linking(Changing):
    """`link`: a link or a picture is open. `phone`: an invoice waits in the provider's app."""

    def notice(self) -> None:
        """An invoice may only be asked about when something happens, so every message counts."""
        if self.step == "phone" and self.payment is not None:
            self.desk.ask_now(self.payment)

    def claims(self, text: str) -> bool:
        """ "I have paid" asks the provider here, in whatever sentence it stands."""
        return self.step in AT_THE_CUSTOMER and read_paid(text)

    def looks_like_code(self, text: str) -> bool:
        """Whether somebody sends a code, of the way's own length or of the usual one."""
        return not isinstance(self._code_in(text), NotAnOtp)

    def is_code(self, text: str) -> bool:
        """Whether this is one beyond doubt."""
        return isinstance(self._code_in(text), Otp)

    def _code_in(self, text: str) -> object:
        return read_otp(text, self.way().otp_digits or LIKELY_OTP_DIGITS)

    # A link, or a picture.

    def hear_link(self, said: Said) -> Reply:
        """ "Paid" makes us ask; a code has no business here."""
        payment = self.standing_payment()
        if said.tapped == "paid" or read_paid(said.text):
            return self._asking(payment)
        raise self._not_heard("link", said, self.link_choices())

    def ask_link(self) -> Reply:
        """Who is paid how much, until when, and the link."""
        payment, now = self.standing_payment(), self.desk.now
        if payment.disagrees:
            return self._disagrees(payment)
        variables: dict[str, object] = {
            "amount": payment.amount,
            "booking": payment.booking.reference,
            "provider": payment.provider_title,
        }
        if not is_open(payment, now):
            return self.say("pay.link.over", *self.link_choices(), **variables)
        variables |= {
            "operator": payment.booking.operator,
            "how": self._how(payment),
            "lasting": facts.lasting(self.words, now, payment.expires_at),
        }
        reply = self.say("pay.link.ask", *self.link_choices(), **variables)
        return carrying_link(reply, self.words, payment, now)

    def _how(self, payment: PaymentView) -> Rendered:
        if payment.picture is None:
            return self.render("pay.link.tap")
        return self.render("pay.link.scan" if payment.link is None else "pay.link.tap_or_scan")

    # An invoice in the provider's app.

    def hear_phone(self, said: Said) -> Reply:
        """As at a link."""
        payment = self.standing_payment()
        if said.tapped == "paid" or read_paid(said.text):
            return self._asking(payment)
        raise self._not_heard("phone", said, self.phone_choices())

    def ask_phone(self) -> Reply:
        """Where the invoice is, what it says, and how long it waits."""
        payment, now = self.standing_payment(), self.desk.now
        if payment.disagrees:
            return self._disagrees(payment)
        reply = self.say(
            "pay.phone.ask",
            *self.phone_choices(),
            provider=payment.provider_title,
            amount=payment.amount,
            operator=payment.booking.operator,
            booking=payment.booking.reference,
            end=payment.payer_hint,
            lasting=facts.lasting(self.words, now, payment.expires_at),
        )
        return replace(reply, expires_seconds=remaining_seconds(payment, now))

    # What both say.

    def _asking(self, payment: PaymentView) -> Reply:
        self.desk.ask_and_tell(payment.id)
        self.misses = 0
        return self.say("pay.link.asking", provider=payment.provider_title)

    def not_yet(self, payment: PaymentView) -> Reply:
        """The answer to "paid", where the provider says nothing of the kind, or nothing that agrees
        with what was asked.
        """
        if payment.disagrees:
            return self._disagrees(payment)
        key, choices = "pay.link.not_yet", self.link_choices()
        if payment.kind is WayKind.PHONE:
            key, choices = "pay.phone.not_yet", self.phone_choices()
        return self.say(key, *choices, provider=payment.provider_title)

    def _disagrees(self, payment: PaymentView) -> Reply:
        """Nothing to open or to pay: there is money already, and a person looks whose it is."""
        person = self.choice("person", "button.person")
        return self.say("pay.link.disagrees", person, provider=payment.provider_title)

    def _not_heard(self, step: str, said: Said, offer: tuple[Choice, ...]) -> Misheard:
        what = "no_code" if self.looks_like_code(said.text) else "not_understood"
        return Misheard(f"pay.{step}.{what}", offer=offer)


def is_open(payment: PaymentView, now: datetime) -> bool:
    """Whether there is something to open or scan, and its time is not over."""
    in_time = payment.expires_at is None or payment.expires_at > now
    return in_time and (payment.link is not None or payment.picture is not None)


def remaining_seconds(payment: PaymentView, now: datetime) -> int | None:
    """After how many seconds a message about what waits for the customer would be a lie."""
    if payment.expires_at is None:
        return None
    return max(1, int((payment.expires_at - now).total_seconds()))


def carrying_link(reply: Reply, words: Words, payment: PaymentView, now: datetime) -> Reply:
    """The message with the payment's link and picture, for as long as they are good."""
    link = None
    if payment.link is not None:
        title = AmountStep(payment.booking, words, now).choice(payment.amount).title
        link = Link(title, payment.link)
    return replace(
        reply,
        link=link,
        picture=payment.picture,
        expires_seconds=remaining_seconds(payment, now),
    )
