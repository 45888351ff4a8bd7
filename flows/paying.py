"""What the conversation about paying does with payments: open, refuse, cancel, change, send a new
code.
"""

from domain.money import Money
from flows import facts
from flows.amounts import AmountStep
from flows.desk import (
    BookingView,
    CancelAnswer,
    PaymentStatus,
    PaymentView,
    ProviderView,
    Refusal,
    Refused,
    ResendAnswer,
)
from flows.flow import CANCELLED, Flow
from flows.numbers import NumberStep
from flows.standing import (
    BEFORE_PAYING,
    OVER_UNPAID,
    REFUSED_TO,
    STEP_OF,
    WAITING,
    BookingGone,
    PayAnswers,
)
from flows.turns import Choice, Reply, Said, Switch

# What was asked, and waits for a yes. No command has such a name.
STOP_AND_RESTART = "stop_and_restart"
STOP_AND_GO_BACK = "stop_and_go_back"


class Paying(Flow):
    """A conversation that opens payments. The steps are the subclass's."""

    name = "pay"
    answers_type = PayAnswers
    answers: PayAnswers

    # The booking, the provider and the payment, as they stand now.

    def booking(self) -> BookingView:
        """The booking that is being paid. Raises BookingGone."""
        booking = self.desk.booking(self.answers.booking) if self.answers.booking else None
        if booking is None:
            raise BookingGone(self.answers.booking)
        return booking

    def provider(self) -> ProviderView:
        """The provider that takes the money. Raises BookingGone where none was chosen yet."""
        if self.answers.provider is None:
            raise BookingGone(self.answers.booking)
        return self.desk.provider(self.answers.provider)

    def amount(self) -> Money:
        """The amount that was agreed. Raises BookingGone where none was."""
        if self.answers.amount is None:
            raise BookingGone(self.answers.booking)
        return Money(int(self.answers.amount), self.booking().balance.currency)

    def standing_payment(self) -> PaymentView:
        """The payment that this conversation stands on. Raises BookingGone."""
        payment = self.desk.payment(self.payment) if self.payment else None
        if payment is None:
            raise BookingGone(self.payment)
        return payment

    def amount_step(self) -> AmountStep:
        """What reads amounts for this booking."""
        return AmountStep(self.booking(), self.words, self.desk.now)

    def number_step(self) -> NumberStep:
        """What reads numbers to charge for this sender and provider."""
        return NumberStep(self.desk.sender, self.provider())

    def stand_on(self, payment: PaymentView) -> None:
        """Stand where this payment stands, and remember what it is for."""
        self.payment = payment.id
        self.step = STEP_OF[payment.status]
        self.answers = PayAnswers(
            booking=payment.booking.reference,
            provider=payment.provider,
            amount=str(payment.amount.amount_minor),
        )

    # Begin, and begin again.

    def begin(self, said: Said) -> Reply | Switch:
        """Start; but where a payment of the sender's is under way, ask what to do about that one
        first.
        """
        live = facts.under_way(self.desk)
        if live is None or live.status is PaymentStatus.UNCERTAIN:
            return super().begin(said)
        self.stand_on(live)
        if live.status is PaymentStatus.CONFIRMING:
            return self.say("pay.confirming.wait", provider=live.provider_title)
        self.doubt = STOP_AND_RESTART
        return self.say(
            "pay.restart.sure",
            *self.yes_no(),
            amount=live.amount,
            booking=live.booking.reference,
        )

    def on_yes(self, doubt: str) -> Reply | Switch:
        """Cancel the payment under way, then start again or go one step back."""
        if doubt not in (STOP_AND_RESTART, STOP_AND_GO_BACK):
            return super().on_yes(doubt)
        stopped = self._stop("restart" if doubt == STOP_AND_RESTART else "change_number")
        if stopped is None and doubt == STOP_AND_RESTART:
            self.answers = PayAnswers()
        return stopped or self.ask()

    # Opening.

    def open(self, number: str | None) -> str | None:
        """Open the payment that was agreed. None when it is open, else the move that its refusal
        asks for.
        """
        booking, amount = self.booking(), self.amount()
        return self.opened(
            self.desk.open_payment(booking.reference, amount, self.provider().name, number)
        )

    def opened(self, result: PaymentView | Refused) -> str | None:
        """Stand on the payment, or note why there is none and say where to go."""
        self.answers.number = None
        if isinstance(result, PaymentView):
            self.payment = result.id
            return None
        self.payment = None
        self._note_refusal(result)
        if result.why is Refusal.HELD and result.booking.free.amount_minor > 0:
            return "refused_amount"
        return REFUSED_TO.get(result.why, "refused")

    def _note_refusal(self, refused: Refused) -> None:
        booking = refused.booking
        later = facts.when(self.words, self.desk.now, refused.until or booking.held_until)
        variables: dict[Refusal, dict[str, object]] = {
            Refusal.ALREADY_PAID: {"booking": booking.display_reference},
            Refusal.ABOVE_FREE: {"free": booking.free},
            Refusal.BELOW_MINIMUM: {"minimum": booking.minimum},
            Refusal.NO_PROVIDER: {},
            Refusal.CANCELLED: {"booking": booking.display_reference},
        }
        self.note(f"pay.refused.{refused.why.value}", **variables.get(refused.why, {"when": later}))

    # Leaving.

    def on_cancel(self) -> Reply | Switch:
        """Leave, unless the provider has the code already or the money has moved."""
        if self.step in BEFORE_PAYING:
            self.move(CANCELLED)
            return self.say("pay.cancelled.before", *self.menu_choices())
        if self.step in OVER_UNPAID or self.step == "closed":
            return self.say("common.nothing_to_cancel", *self.menu_choices())
        if self.step == "paid":
            return self._paid_already()
        return self._stop(CANCELLED) or self.ask()

    def _stop(self, trigger: str) -> Reply | None:
        """Cancel the payment and move on, None when it is cancelled; else what to say of it."""
        payment = self.standing_payment()
        match self.desk.cancel_payment(payment.id):
            case CancelAnswer.TOO_LATE:
                self.stand_on(self.standing_payment())
                return self._too_late("cancel", self.standing_payment())
            case CancelAnswer.ALREADY_PAID:
                self.stand_on(self.standing_payment())
                return self._paid_already()
            case CancelAnswer.NOTHING:
                self.stand_on(self.standing_payment())
                return self.ask()
        self.tells = (payment.id, "cancelled")
        if trigger != CANCELLED:
            self.note("pay.cancelled.first", amount=payment.amount)
        self.move(trigger)
        if self.step in BEFORE_PAYING:
            self.payment = None
        return None

    def _too_late(self, what: str, payment: PaymentView) -> Reply:
        key = "uncertain" if payment.status is PaymentStatus.UNCERTAIN else "confirming"
        return self.say(f"pay.{key}.{what}", provider=payment.provider_title)

    def _paid_already(self) -> Reply:
        person = self.choice("person", "button.person")
        return self.say("pay.paid.cancel", person, self.choice("menu", "button.menu"))

    def on_back(self) -> Reply | Switch:
        """One step back; from a payment under way only after a yes, because it cancels that
        payment.
        """
        if self.step in WAITING:
            self.doubt = STOP_AND_GO_BACK
            return self.say("pay.back.sure", *self.yes_no())
        if self.step in ("confirming", "uncertain"):
            return self._too_late("cancel", self.standing_payment())
        reply = super().on_back()
        if self.step in BEFORE_PAYING:
            self.payment = None
        return reply

    # Changing what was agreed.

    def on_resend(self) -> Reply | Switch:
        """A new code: a successor of this payment, or, where it is over, another like it."""
        if self.step in OVER_UNPAID and self.payment:
            return self.open_again()
        if self.step not in ("otp", "starting", "confirming", "uncertain"):
            return super().on_resend()
        payment = self.standing_payment()
        match self.desk.resend_otp(payment.id):
            case ResendAnswer.RESENT:
                return self._stand_on_successor()
            case ResendAnswer.TOO_SOON:
                return self.say("pay.otp.too_soon", *self.otp_choices())
            case ResendAnswer.TOO_MANY:
                return self.say("pay.otp.too_many", *self.otp_choices())
            case ResendAnswer.TOO_LATE:
                return self._too_late("resend", payment)
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
        stopped = self._make_way("change_number")
        if stopped is not None:
            return stopped
        number = self.number_step().named_in(said.text)
        return self.hear(Said(number)) if number else self.ask()

    def _make_way(self, trigger: str) -> Reply | None:
        """Go to the step that changes something, or say why not."""
        if self.step in WAITING:
            return self._stop(trigger)
        if self.step in ("confirming", "uncertain"):
            return self._too_late("cancel", self.standing_payment())
        if not self.can(trigger):
            self.note("common.nothing_to_change")
            return self.ask()
        self.move(trigger)
        self.payment = None
        return None

    # Buttons.

    def yes_no(self) -> tuple[Choice, ...]:
        """Yes and no."""
        return self.choice("yes", "button.yes"), self.choice("no", "button.no")

    def again_choices(self) -> tuple[Choice, ...]:
        """What can be tapped when a payment came to nothing."""
        return self.choice("again", "button.again"), self.choice("menu", "button.menu")

    def otp_choices(self) -> tuple[Choice, ...]:
        """What can be tapped while a code is waited for."""
        return self.choice("resend", "button.resend"), self.choice("cancel", "button.cancel")
