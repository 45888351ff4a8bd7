"""The half of paying that follows the payment: asking for the code, taking it, and telling what
came of it.
"""

from dataclasses import replace

from flows import facts
from flows.answers import DoubtfulOtp, NegatedOtp, Otp, read_otp, read_paid
from flows.asides import SAID_THE_SAME, aside
from flows.desk import PaymentStatus, PaymentView, WayKind
from flows.desk_answers import OtpAnswer
from flows.flow import Misheard
from flows.linking import Linking
from flows.standing import by_kind
from flows.turns import Reply, Said, Switch, Told

OTP_PROMPT_LIFE_SECONDS = 300


class Charging(Linking):
    """The steps from `starting` to the end, and the events that lead through them."""

    # The provider sends the code, makes the link, sends the invoice.

    def hear_starting(self, said: Said) -> str:
        """The customer's SMS may be faster than our own event: a code is taken if the payment waits
        for one.
        """
        payment = self.standing_payment()
        if payment.kind is WayKind.CODE:
            otp = read_otp(said.text, self.way().otp_digits)
            taken = isinstance(otp, Otp) and self.desk.submit_otp(payment.id, otp.code)
            if taken is OtpAnswer.TAKEN:
                return "code_early"
        wait = by_kind("pay.starting.wait", payment.kind)
        raise Misheard(wait, provider=payment.provider_title)

    def ask_starting(self) -> Reply:
        """The provider is being asked for what the customer will pay by."""
        payment = self.standing_payment()
        variables = {"provider": payment.provider_title, "end": payment.payer_hint}
        if payment.kind is WayKind.LINK:
            del variables["end"]
        return self.say(by_kind("pay.starting.ask", payment.kind), **variables)

    def hear_otp(self, said: Said) -> str | Reply | None:
        """The code, once: whatever is not clearly one is asked about and never sent."""
        payment = self.standing_payment()
        match read_otp(said.text, self.way().otp_digits):
            case Otp(code=code):
                return self._submit(payment, code)
            case DoubtfulOtp():
                raise Misheard("pay.otp.doubtful", digits=self.way().otp_digits)
            case NegatedOtp():
                raise Misheard("pay.otp.negated")
        raise Misheard("pay.otp.not_a_code", digits=self.way().otp_digits)

    def ask_otp(self) -> Reply:
        """Who asks for the code and why, as the provider's own SMS says it, and never a PIN."""
        payment = self.standing_payment()
        reply = self.say(
            "pay.otp.ask",
            *self.otp_choices(),
            provider=payment.provider_title,
            operator=payment.booking.operator,
            amount=payment.amount,
            end=payment.payer_hint,
            reference=payment.otp_reference or "–",
        )
        return self._short_lived(reply)

    def _submit(self, payment: PaymentView, code: str) -> str | Reply | None:
        match self.desk.submit_otp(payment.id, code):
            case OtpAnswer.TAKEN:
                return None
            case OtpAnswer.EXPIRED:
                self.tells = (payment.id, "expired")
                return "expired"
            case OtpAnswer.BALANCE_CHANGED:
                self.note("pay.otp.balance_changed", booking=payment.booking.reference)
        self.stand_on(self.standing_payment())
        if self.step == "otp":
            raise Misheard("pay.otp.not_taken")
        return self.ask()

    # The provider has the code.

    def hear_confirming(self, said: Said) -> None:
        """One attempt is running: a second code is not handed over."""
        payment = self.standing_payment()
        if self.looks_like_code(said.text):
            raise Misheard("pay.confirming.have_code", provider=payment.provider_title)
        raise Misheard("pay.confirming.wait", provider=payment.provider_title)

    def ask_confirming(self) -> Reply:
        """The provider is being asked."""
        return self.say("pay.confirming.ask", provider=self.standing_payment().provider_title)

    def hear_uncertain(self, said: Said) -> None:  # noqa: ARG002 - nothing that is said changes it
        """Nobody knows yet."""
        payment = self.standing_payment()
        raise Misheard("pay.uncertain.wait", provider=payment.provider_title)

    def ask_uncertain(self) -> Reply:
        """Money may have moved: do not pay again."""
        payment = self.standing_payment()
        return self.say(
            "pay.uncertain.ask",
            amount=payment.amount,
            booking=payment.booking.reference,
            provider=payment.provider_title,
        )

    # It is over.

    def hear_paid(self, said: Said) -> Reply | Switch:
        """A code after success is not needed, "paid" is right; the rest is for the menu."""
        if self.looks_like_code(said.text):
            return self.say("pay.paid.code", *self.menu_choices())
        if read_paid(said.text):
            return self.ask()
        return Switch("menu", said)

    def ask_paid(self) -> Reply:
        """The receipt."""
        receipt = facts.receipt(self.words, self.standing_payment())
        menu = self.choice("menu", "button.menu")
        return self.say("pay.paid.ask", menu, receipt=receipt)

    def hear_failed(self, said: Said) -> Reply | Switch:
        """Try again, in one tap; the rest is for the menu."""
        if said.tapped == "again":
            return self.open_again()
        if said.tapped == "other_way":
            return self.other_way()
        if self.looks_like_code(said.text):
            return self.say("pay.failed.code", *self.again_choices())
        return Switch("menu", said)

    def ask_failed(self) -> Reply:
        """Why, in plain words; that nothing was taken only where that is known."""
        payment = self.standing_payment()
        variables = {"amount": payment.amount, "booking": payment.booking.reference}
        if payment.status is not PaymentStatus.FAILED:
            key = by_kind("pay.failed.expired", payment.kind)
            return self.say(key, *self.again_choices(), **variables)
        why = facts.reason(self.words, payment)
        return self.say("pay.failed.ask", *self.again_choices(), reason=why, **variables)

    def hear_cancelled(self, said: Said) -> Reply | Switch:
        """As when it failed."""
        if self.payment is None:
            return Switch("menu", said)
        return self.hear_failed(said)

    def ask_cancelled(self) -> Reply:
        """Cancelled, by the customer or because it no longer fitted."""
        if self.payment is None:
            return self.say("pay.cancelled.before", *self.menu_choices())
        payment = self.standing_payment()
        return self.say(
            by_kind("pay.cancelled.ask", payment.kind),
            *self.again_choices(),
            amount=payment.amount,
            booking=payment.booking.reference,
        )

    def hear_closed(self, said: Said) -> Switch:
        """Nothing is asked here: the menu hears it."""
        return Switch("menu", said)

    def ask_closed(self) -> Reply:
        """What else there is."""
        return self.say("pay.closed.ask", *self.menu_choices())

    # Events.

    def tell(self, told: Told) -> Reply:
        """Move as the event says, or stand where its payment stands, and say what happened."""
        if self.can(told.name):
            self.move(told.name)
        else:
            self.stand_on(told.payment)
        if told.name in SAID_THE_SAME:
            same = aside(self.words, told, self.desk.now)
            return replace(same, choices=self.menu_choices())
        match told.name:
            case "otp_wrong":
                return self._wrong(told.payment)
            case "code_lost":
                return self._short_lived(self.say("pay.otp.lost", *self.otp_choices()))
            case "not_yet":
                return self.not_yet(told.payment)
            case "surplus":
                return self.say("pay.paid.surplus", **about(told.payment))
            case "late":
                self.note("pay.paid.late")
        return self.ask()

    def _wrong(self, payment: PaymentView) -> Reply:
        variables: dict[str, object] = {"reference": payment.otp_reference or "–"}
        if payment.otp_tries_left == 1:
            reply = self.say("pay.otp.wrong_last", *self.otp_choices(), **variables)
        else:
            variables["tries"] = payment.otp_tries_left
            reply = self.say("pay.otp.wrong", *self.otp_choices(), **variables)
        return self._short_lived(reply)

    def _short_lived(self, reply: Reply) -> Reply:
        """A prompt for a code would be a lie once the code is dead."""
        return replace(reply, expires_seconds=OTP_PROMPT_LIFE_SECONDS)


def about(payment: PaymentView) -> dict[str, object]:
    """The amount and the booking of a payment, as every aside names them."""
    return {"amount": payment.amount, "booking": payment.booking.reference}
