"""What the conversation about paying changes when asked to: a new code or link, the amount, the
number, the way.
"""

from flows.desk import WayKind
from flows.desk_answers import ResendAnswer
from flows.paying import Paying
from flows.standing import OVER_UNPAID, UNDER_WAY, WAITING, BookingGone
from flows.turns import Choice, Reply, Said, Switch


class Changing(Paying):
    """Paying, and every change of mind about it."""

    def on_resend(self) -> Reply | Switch:
        """A new code or link: a successor of this payment; where it is over, another like it."""
        if self.step in OVER_UNPAID and self.payment:
            return self.open_again()
        if self.step not in UNDER_WAY:
            return super().on_resend()
        payment = self.standing_payment()
        match payment.kind:
            case WayKind.CODE:
                answer = self.desk.resend_otp(payment.id)
                return self._resent(answer, "otp", self.otp_choices())
            case WayKind.LINK:
                answer = self.desk.new_link(payment.id)
                return self._resent(answer, "link", self.link_choices())
        if self.step == "uncertain":
            return self.too_late("resend", payment)
        if self.step == "starting":
            return self.ask()
        return self.say("pay.phone.resend", *self.phone_choices(), provider=payment.provider_title)

    def _resent(self, answer: ResendAnswer, step: str, choices: tuple[Choice, ...]) -> Reply:
        match answer:
            case ResendAnswer.RESENT:
                if step == "link":
                    self.note("pay.link.replaced")
                return self._stand_on_successor()
            case ResendAnswer.TOO_SOON:
                return self.say(f"pay.{step}.too_soon", *choices)
            case ResendAnswer.TOO_MANY:
                return self.say(f"pay.{step}.too_many", *choices)
            case ResendAnswer.TOO_LATE:
                return self.too_late("resend", self.standing_payment())
        self.stand_on(self.standing_payment())
        return self.ask()

    def _stand_on_successor(self) -> Reply:
        successor = self.desk.live_payment()
        if successor is None:
            raise BookingGone(self.payment)
        self.stand_on(successor)
        return self.ask()

    def open_again(self) -> Reply:
        """Another payment like the one that is over."""
        refused = self.opened(self.desk.open_again(self.standing_payment().id))
        self.move(refused or "again")
        return self.ask()

    def other_way(self) -> Reply:
        """Choose another way for the same amount; the payment before is over."""
        self.payment = None
        self.answers.way = None
        self.move("other_way")
        return self.ask()

    def on_change_amount(self, said: Said) -> Reply | Switch:
        """Another amount: cancels the payment under way first, and takes the amount when it was
        said.
        """
        if self.step == "amount":
            return self.hear(said)
        stopped = self._make_way("change_amount")
        if stopped is not None:
            return stopped
        choice = self.amount_step().named_in(said.text)
        return self.hear(Said(said.text, choice.name)) if choice else self.ask()

    def on_change_number(self, said: Said) -> Reply | Switch:
        """Another number to charge: cancels the payment under way first, and takes the number when
        it was said.
        """
        if self.step == "number":
            return self.hear(said)
        if self.answers.way is None or self.way().payer_region is None:
            self.note("common.nothing_to_change")
            return self.ask()
        stopped = self._make_way("change_number")
        if stopped is not None:
            return stopped
        number = self.number_step().named_in(said.text)
        return self.hear(Said(number)) if number else self.ask()

    def _make_way(self, trigger: str) -> Reply | None:
        """Go to the step that changes something, or say why not."""
        if self.step in WAITING:
            return self.stop(trigger)
        if self.step in ("confirming", "uncertain"):
            return self.too_late("cancel", self.standing_payment())
        if not self.can(trigger):
            self.note("common.nothing_to_change")
            return self.ask()
        self.move(trigger)
        self.payment = None
        return None

    # Buttons.

    def otp_choices(self) -> tuple[Choice, ...]:
        """What can be tapped while a code is waited for."""
        return self.choice("resend", "button.resend"), self.choice("cancel", "button.cancel")

    def link_choices(self) -> tuple[Choice, ...]:
        """What can be tapped while a link is open."""
        return (
            self.choice("paid", "button.paid"),
            self.choice("resend", "button.new_link"),
            self.choice("cancel", "button.cancel"),
        )

    def phone_choices(self) -> tuple[Choice, ...]:
        """What can be tapped while an invoice waits."""
        return self.choice("paid", "button.paid"), self.choice("cancel", "button.cancel")
