"""What the conversation about paying does with payments: open, cancel, go back from them."""

from domain.money import Money
from flows import facts
from flows.amounts import AmountStep
from flows.desk import (
    BookingView,
    Desk,
    PaymentStatus,
    PaymentView,
    Refusal,
    Refused,
    WayKind,
    WayView,
)
from flows.desk_answers import CancelAnswer
from flows.flow import CANCELLED, Flow
from flows.numbers import NumberStep
from flows.phrases import Rendered, Words, as_plain_words
from flows.standing import (
    BEFORE_PAYING,
    OVER_UNPAID,
    REFUSED_TO,
    WAITING,
    BookingGone,
    PayAnswers,
    by_kind,
    step_of,
)
from flows.turns import Choice, Reply, Said, Session, Switch

# What was asked, and waits for a yes. No command has such a name.
STOP_AND_RESTART = "stop_and_restart"
STOP_AND_GO_BACK = "stop_and_go_back"
START_ANYWAY = "start_anyway"
DOUBTS = (STOP_AND_RESTART, STOP_AND_GO_BACK, START_ANYWAY)
LONGEST_WORDS = 300  # of an operator's own to customers


class Paying(Flow):
    """A conversation that opens payments. The steps are the subclass's."""

    name = "pay"
    answers_type = PayAnswers
    answers: PayAnswers

    def __init__(self, session: Session, desk: Desk, words: Words) -> None:
        super().__init__(session, desk, words)
        # A session of the version before named a provider, whose one way has the same name.
        if self.answers.way is None:
            self.answers.way = session.answers.get("provider")

    # The booking, the way and the payment, as they stand now.

    def booking(self) -> BookingView:
        """The booking that is being paid. Raises BookingGone."""
        booking = self.desk.booking(self.answers.booking) if self.answers.booking else None
        if booking is None:
            raise BookingGone(self.answers.booking)
        return booking

    def way(self) -> WayView:
        """How the money is paid. Raises BookingGone where that was not chosen yet."""
        if self.answers.way is None:
            raise BookingGone(self.answers.booking)
        return self.desk.way(self.answers.way)

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
        """What reads numbers to charge for this sender and way."""
        return NumberStep(self.desk.sender, self.way())

    def stand_on(self, payment: PaymentView) -> None:
        """Stand where this payment stands, and remember what it is for."""
        self.payment = payment.id
        self.step = step_of(payment)
        self.answers = PayAnswers(
            booking=payment.booking.reference,
            way=payment.way,
            amount=str(payment.amount.amount_minor),
        )

    # Begin, and begin again.

    def begin(self, said: Said) -> Reply | Switch:
        """Start; but where a payment of the sender's is under way, ask what to do about that one
        first.
        """
        live = facts.under_way(self.desk)
        if live is None:
            return super().begin(said)
        self.stand_on(live)
        if live.status is PaymentStatus.CONFIRMING:
            return self.say("pay.confirming.wait", provider=live.provider_title)
        if live.status is PaymentStatus.UNCERTAIN:
            # Money may have moved already: another payment could take it twice.
            self.doubt = START_ANYWAY
            return self.say(
                "pay.uncertain.sure",
                *self.yes_no(),
                provider=live.provider_title,
                amount=live.amount,
                booking=live.booking.reference,
            )
        self.doubt = STOP_AND_RESTART
        return self.say(
            "pay.restart.sure",
            *self.yes_no(),
            amount=live.amount,
            booking=live.booking.reference,
        )

    def on_yes(self, doubt: str) -> Reply | Switch:
        """Cancel the payment under way, then start again or go one step back; or leave an
        uncertain one as it is, and start again.
        """
        if doubt not in DOUBTS:
            return super().on_yes(doubt)
        if doubt == START_ANYWAY:
            self.move("restart")
            self.payment = None
        elif doubt == STOP_AND_RESTART:
            stopped = self.stop("restart")
            if stopped is not None:
                return stopped
        else:
            return self.stop(self._one_back()) or self.ask()
        self.answers = PayAnswers()
        return self.ask()

    def _one_back(self) -> str:
        return "make_ready" if self.way().payer_region is None else "change_number"

    # Opening.

    def open(self, number: str | None) -> str | None:
        """Open the payment that was agreed. None when it is open, else the move that its refusal
        asks for.
        """
        booking, amount = self.booking(), self.amount()
        return self.opened(
            self.desk.open_payment(booking.reference, amount, self.way().key, number)
        )

    def opened(self, result: PaymentView | Refused) -> str | None:
        """Stand on the payment, or note why there is none and say where to go."""
        self.answers.number = None
        if isinstance(result, PaymentView):
            self.payment = result.id
            return None
        self.payment = None
        self._note_refusal(result)
        if result.why is Refusal.PAUSED and self.desk.ways(result.booking):
            self.answers.way = None
            return "other_way"
        if result.why is Refusal.HELD and result.booking.free.amount_minor > 0:
            return "refused_amount"
        return REFUSED_TO.get(result.why, "refused")

    def _note_refusal(self, refused: Refused) -> None:
        booking = refused.booking
        if refused.why is Refusal.PAUSED:
            way = self.way()
            title = self.words.render_one_of("way", way.kind.value, {"provider": way.title})
            self._note_pause("pay.refused.paused", refused.words, way=title)
            return
        later = facts.when(self.words, self.desk.now, refused.until or booking.held_until)
        variables: dict[Refusal, dict[str, object]] = {
            Refusal.ALREADY_PAID: {"booking": booking.reference},
            Refusal.ABOVE_FREE: {"free": booking.free},
            Refusal.BELOW_MINIMUM: {"minimum": booking.minimum},
            Refusal.NO_PROVIDER: {},
            Refusal.CANCELLED: {"booking": booking.reference},
        }
        self.note(f"pay.refused.{refused.why.value}", **variables.get(refused.why, {"when": later}))

    def note_no_way(self, booking: BookingView) -> None:
        """Say why the booking cannot be paid here: paused for now, or not at all."""
        pause = self.desk.pause_of(booking)
        if pause is None:
            self.note("pay.refused.no_provider")
        else:
            self._note_pause("pay.paused.all", pause.words)

    def _note_pause(self, key: str, words: str | None, **variables: object) -> None:
        if words is None:
            self.note(key, **variables)
        else:
            own = Rendered(as_plain_words(words, LONGEST_WORDS))
            self.note(f"{key}_words", words=own, **variables)

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
        return self.stop(CANCELLED) or self.ask()

    def stop(self, trigger: str) -> Reply | None:
        """Cancel the payment and move on, None when it is cancelled; else what to say of it."""
        payment = self.standing_payment()
        match self.desk.cancel_payment(payment.id):
            case CancelAnswer.TOO_LATE:
                self.stand_on(self.standing_payment())
                return self.too_late("cancel", self.standing_payment())
            case CancelAnswer.ALREADY_PAID:
                self.stand_on(self.standing_payment())
                return self._paid_already()
            case CancelAnswer.NOTHING:
                self.stand_on(self.standing_payment())
                return self.ask()
        self.tells = (payment.id, "cancelled")
        if trigger != CANCELLED:
            self.note(by_kind("pay.cancelled.first", payment.kind), amount=payment.amount)
        self.move(trigger)
        if self.step in BEFORE_PAYING:
            self.payment = None
        return None

    def too_late(self, what: str, payment: PaymentView) -> Reply:
        """Why a payment cannot be cancelled or sent anew (`what`: cancel, resend) any more."""
        key = f"pay.confirming.{what}"
        if payment.status is PaymentStatus.UNCERTAIN:
            key = f"pay.uncertain.{what}"
            key = by_kind(key, payment.kind) if what == "resend" else key
        elif payment.kind is not WayKind.CODE:
            key = "pay.link.too_late"
        return self.say(key, provider=payment.provider_title)

    def _paid_already(self) -> Reply:
        person = self.choice("person", "button.person")
        return self.say("pay.paid.cancel", person, self.choice("menu", "button.menu"))

    def on_back(self) -> Reply | Switch:
        """One step back; from a payment under way only after a yes, because it cancels that
        payment.
        """
        if self.step in WAITING:
            self.doubt = STOP_AND_GO_BACK
            kind = self.standing_payment().kind
            return self.say(by_kind("pay.back.sure", kind), *self.yes_no())
        if self.step in ("confirming", "uncertain"):
            return self.too_late("cancel", self.standing_payment())
        if self.step in ("number", "ready") and len(self.desk.ways(self.booking())) > 1:
            self.answers.way = None
            self.move("other_way")
            return self.ask()
        reply = super().on_back()
        if self.step in BEFORE_PAYING:
            self.payment = None
        return reply

    # Buttons.

    def yes_no(self) -> tuple[Choice, ...]:
        """Yes and no."""
        return self.choice("yes", "button.yes"), self.choice("no", "button.no")

    def again_choices(self) -> tuple[Choice, ...]:
        """What can be tapped when a payment came to nothing."""
        payment = self.standing_payment()
        ran_out = payment.kind is WayKind.LINK and payment.status is PaymentStatus.EXPIRED
        choices = [self.choice("again", "button.new_link" if ran_out else "button.again")]
        if any(way.key != payment.way for way in self.desk.ways(payment.booking)):
            choices.append(self.choice("other_way", "button.other_way"))
        return (*choices, self.choice("menu", "button.menu"))
