"""Pay for a booking.

    reference ─┬▶ amount ─┬▶ number ─┬▶ starting ─┬▶ otp ─▶ confirming ─┬▶ paid
       ▲       │     │    │   │  ▲   │            │   ▲         │       ├▶ failed
       ▼       │     ▼    │   ▼  │   │            │   └─ wrong ─┘       │
    surname ───┘    way ──┤  consent ┤            ├▶ link ──────────────┤
                          │          │            └▶ phone ─────────────┤
                          └▶ ready ──┘                                  └▶ uncertain ─▶ any of these

A shared reference that names several bookings asks `which`; what cannot be paid ends at `closed`.
With one way to pay, `way` is not asked. A link is made when the customer is `ready`, never earlier.
"cancel" leaves from anywhere but `confirming` and `uncertain`: there the provider may have the
money.
"""

from flows.answers import Command, YesNo, read_go, read_yes_no
from flows.choosing import Choosing
from flows.desk import WayKind, WayView
from flows.flow import BACK, CANCELLED, HEARD, Misheard
from flows.standing import (
    BEFORE_PAYING,
    FOR_A_CODE,
    OVER_UNPAID,
    UNDER_WAY,
    WAITING,
    by_kind,
)
from flows.turns import Reply, Said
from flows.ways import WayStep

NOT_UNDER_WAY = ("number", "consent", "ready", *OVER_UNPAID)


class Pay(Choosing):
    """From "pay" to a receipt."""

    first = "reference"
    keywords = ("pay", "payment", "make payment", "omari payment")
    moves = (
        (HEARD, ("reference", "surname", "which"), "amount"),
        ("unknown", ("reference", "surname"), "surname"),
        ("several", ("reference", "surname"), "which"),
        ("several_ways", "amount", "way"),
        ("by_number", ("amount", "way"), "number"),
        ("make_ready", ("amount", "way", "starting", "link"), "ready"),
        (HEARD, ("number", "consent", "ready"), "starting"),
        ("other_number", ("number", "consent"), "consent"),
        ("otp_sent", "starting", "otp"),
        ("link_made", ("starting", "uncertain"), "link"),
        ("invoice_sent", ("starting", "uncertain"), "phone"),
        ("code_early", "starting", "confirming"),
        (HEARD, "otp", "confirming"),
        ("otp_wrong", ("confirming", "otp"), "otp"),
        ("code_lost", ("confirming", "otp"), "otp"),
        ("code_resent", FOR_A_CODE, "otp"),
        ("uncertain", (*WAITING, "confirming"), "uncertain"),
        ("settled", (*UNDER_WAY, *OVER_UNPAID), "paid"),
        ("late", (*UNDER_WAY, *OVER_UNPAID), "paid"),
        ("failed", UNDER_WAY, "failed"),
        ("expired", UNDER_WAY, "failed"),
        ("withdrawn", (*WAITING, "uncertain", *OVER_UNPAID), "cancelled"),
        ("again", OVER_UNPAID, "starting"),
        ("other_way", NOT_UNDER_WAY, "way"),
        ("refused", ("reference", "surname", "which", "amount", "way"), "closed"),
        ("refused", NOT_UNDER_WAY, "closed"),
        ("refused_amount", NOT_UNDER_WAY, "amount"),
        ("refused_number", NOT_UNDER_WAY, "number"),
        ("change_amount", ("way", *NOT_UNDER_WAY, *WAITING), "amount"),
        ("change_number", ("consent", *WAITING, *OVER_UNPAID), "number"),
        ("restart", (*WAITING, "uncertain"), "reference"),
        (BACK, ("surname", "which", "amount"), "reference"),
        (BACK, ("way", "number", "ready"), "amount"),
        (BACK, "consent", "number"),
        (CANCELLED, (*BEFORE_PAYING, *UNDER_WAY), "cancelled"),
    )
    ends = frozenset({"paid", "failed", "cancelled", "closed"})
    keeps = {
        "amount": frozenset({Command.BALANCE, Command.CHANGE_AMOUNT}),
        "number": frozenset({Command.CHANGE_NUMBER}),
    }
    any_word = frozenset({"surname"})
    unsettled = frozenset({"unknown"})
    secret = frozenset({*WAITING, "confirming"})

    # How much.

    def is_answer(self, text: str) -> bool:
        """An amount in words may look like a command with a slip in it, and ❌ like one."""
        if self.step == "consent":
            return read_yes_no(text) is not YesNo.UNCLEAR
        return super().is_answer(text) or (
            self.step == "amount" and self.amount_step().understands(text)
        )

    def claims(self, text: str) -> bool:
        """The name of a way is one, and "pay now" says that somebody is ready, whatever else it
        may be.
        """
        if self.step == "way":
            return self.way_step().understands(text)
        return super().claims(text) or (self.step == "ready" and read_go(text))

    def help_key(self) -> str:
        """What is asked and why is different for each kind of way."""
        if self.step == "starting":
            return by_kind(super().help_key(), self.standing_payment().kind)
        if self.step == "number":
            return self._number_key(super().help_key())
        return super().help_key()

    def hear_amount(self, said: Said) -> str:
        """An amount that the booking may take; then how to pay it, if that is open."""
        self._take_amount(said)
        return self._after_amount()

    def ask_amount(self) -> Reply:
        """What the booking is, what it owes, and one tap to pay that."""
        return self.amount_step().prompt()

    def _take_amount(self, said: Said) -> None:
        self.answers.amount = str(self.amount_step().read(said).amount_minor)

    def _after_amount(self) -> str:
        """Where to go: one way is taken without asking, and one that was chosen before is kept."""
        ways = self.way_step().ways
        chosen = ways if len(ways) == 1 else [w for w in ways if w.key == self.answers.way]
        if chosen:
            return self._take_way(chosen[0])
        self.answers.way = None
        if ways:
            return "several_ways"
        self.note_no_way(self.booking())
        return "refused"

    # By which way.

    def way_step(self) -> WayStep:
        """What reads the choice of a way for this booking."""
        return WayStep(self.desk.ways(self.booking()), self.words)

    def hear_way(self, said: Said) -> str:
        """One of the ways that there are now."""
        step = self.way_step()
        if not step.ways:
            self.note_no_way(self.booking())
            return "refused"
        return self._take_way(step.read(said))

    def ask_way(self) -> Reply:
        """The ways, in the order in which to offer them."""
        return self.way_step().prompt(self.amount())

    def _take_way(self, way: WayView) -> str:
        self.answers.way = way.key
        return "make_ready" if way.payer_region is None else "by_number"

    # When the customer is ready.

    def hear_ready(self, said: Said) -> str | Reply | None:
        """A clear word opens the payment, and nothing else does."""
        if said.tapped == "go" or read_go(said.text) or read_yes_no(said.text) is YesNo.YES:
            return self.open(None)
        raise Misheard("pay.ready.not_understood")

    def ask_ready(self) -> Reply:
        """Who is paid how much for what; the link lives too short to be made before."""
        booking = self.booking()
        return self.say(
            "pay.ready.ask",
            self.choice("go", "button.get_link"),
            self.choice("change_amount", "button.change_amount"),
            self.choice("cancel", "button.cancel"),
            amount=self.amount(),
            operator=booking.operator,
            booking=booking.reference,
            provider=self.way().title,
        )

    # From which number.

    def hear_number(self, said: Said) -> str | Reply | None:
        """The sender's own number, or another, which must be asked about once more."""
        if said.tapped == "other":
            return self.say("pay.number.type_it", example=self.number_step().example())
        number = self.number_step().read(said)
        if number == self.number_step().own():
            return self.open(number)
        self.answers.number = self.desk.seal(number)
        self.answers.number_end = number[-3:]
        return "other_number"

    def ask_number(self) -> Reply:
        """Which number to charge; one tap for the sender's, where it can be charged."""
        step = self.number_step()
        own = step.own()
        variables = {"amount": self.amount(), "provider": self.way().title}
        if own is None:
            key = self._number_key("pay.number.ask_any")
            return self.say(key, example=step.example(), **variables)
        choices = (
            self.choice("sender", "button.this_number", end=own[-3:]),
            self.choice("other", "button.other_number"),
        )
        return self.say(self._number_key("pay.number.ask"), *choices, **variables)

    def _number_key(self, key: str) -> str:
        """A number is either sent a code, or an invoice in the provider's app."""
        return key if self.way().kind is WayKind.CODE else f"{key}_phone"

    def hear_consent(self, said: Said) -> str | Reply | None:
        """A yes to charging somebody else's number; or another number or amount, asked about
        again.
        """
        answer = said.tapped or read_yes_no(said.text)
        if answer in ("no", YesNo.NO):
            return BACK
        if answer not in ("yes", YesNo.YES):
            if self.number_step().names_one(said.text):
                return self.hear_number(said)
            end = self.answers.number_end or ""
            if self.is_code(said.text) or self.number_step().mistypes_one(said.text):
                raise Misheard("pay.consent.digits", provider=self.way().title, end=end)
            amount = self.amount_step().named_in(said.text)
            if amount is not None:
                self._take_amount(Said(said.text, amount.name))
                return self.ask()
            raise Misheard("pay.consent.not_understood", end=end)
        unsealed = self.desk.unseal(self.answers.number or "")
        if not unsealed:
            self.note("pay.number.again")
            return BACK
        return self.open(unsealed)

    def ask_consent(self) -> Reply:
        """Somebody else's phone is about to ask for money: be sure."""
        return self.say(
            self._number_key("pay.consent.ask"),
            *self.yes_no(),
            amount=self.amount(),
            provider=self.way().title,
            end=self.answers.number_end or "",
        )
