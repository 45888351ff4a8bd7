"""What becomes of a message that the simulated Twilio took, and the callbacks that tell the bot.

queued ─▶ sent ─▶ delivered ─▶ read
   └────────┴──▶ failed · undelivered (with an error code)
"""

from collections.abc import Callable
from dataclasses import dataclass

from providers.simulators.whatsapp.book import API_VERSION, Book, Message
from providers.simulators.whatsapp.knobs import (
    DUPLICATE,
    NONE,
    NORMAL,
    OUT_OF_ORDER,
    CallbackPlan,
)
from providers.simulators.whatsapp.pictures import NotFetched, Pictures
from providers.simulators.whatsapp.webhooks import Caller, Later

WINDOW_CLOSED = 63016
MEDIA_NOT_FETCHED = 63019
VARIABLES_WRONG = 63028
CONTENT_REFUSED = 63013


@dataclass(frozen=True, slots=True)
class Step:
    """A status that a message reaches."""

    status: str
    error_code: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A callback that was made, and the bot's answer to each attempt (None: nothing came)."""

    sid: str
    status: str
    answers: tuple[int | None, ...]


class Delivery:
    """Takes messages through their statuses in the background."""

    def __init__(self, account_sid: str, book: Book, caller: Caller, pictures: Pictures) -> None:
        self._account_sid = account_sid
        self._book = book
        self._caller = caller
        self._pictures = pictures
        self._later = Later()
        self.told: list[Told] = []

    def follow(self, message: Message, plan: CallbackPlan, refused: int | None) -> None:
        """Begin a message's way.

        `refused` is WhatsApp's reason to turn it down at once, or None.
        """

        def begin() -> None:
            steps = self._steps(plan, refused or self._media_refused(message))
            self._walk(message, plan, steps, 0)()

        self._later.after(plan.step_seconds, begin)

    def _media_refused(self, message: Message) -> int | None:
        """Fetch what stands beside the text, as late as the real one does."""
        try:
            self._pictures.fetch(message.sid, [file.url for file in message.draft.shown.media])
        except NotFetched:
            return MEDIA_NOT_FETCHED
        return None

    @staticmethod
    def _steps(plan: CallbackPlan, refused: int | None) -> list[Step]:
        if refused is not None:
            return [Step("failed", refused)]
        if plan.error_code is not None:
            return [Step("sent"), Step(plan.final_status, plan.error_code)]
        return [Step("sent"), Step("delivered")] + [Step("read")] * plan.read

    def reset(self) -> None:
        """Forget what was told and what was still to happen."""
        self._later.forget()
        self._pictures.reset()
        self.told = []

    def _walk(
        self, message: Message, plan: CallbackPlan, steps: list[Step], at: int
    ) -> Callable[[], None]:
        def job() -> None:
            step, last = steps[at], at + 1 == len(steps)
            self._book.move(message, step.status, step.error_code)
            if not last:
                next_step = self._walk(message, plan, steps, at + 1)
                if plan.mode == NORMAL:
                    # The next callback leaves when this one was answered, so that they come in
                    # order.
                    self._tell(message, step)
                    self._later.after(plan.step_seconds, next_step)
                    return
                self._later.after(plan.step_seconds, next_step)
            for told in self._due(plan.mode, steps, at):
                self._tell(message, told)

        return job

    @staticmethod
    def _due(mode: str, steps: list[Step], at: int) -> list[Step]:
        """The callbacks that leave when the message reaches `steps[at]`."""
        last = at + 1 == len(steps)
        if mode == NONE:
            return []
        if mode == DUPLICATE:
            return [steps[at], steps[at]]
        if mode == OUT_OF_ORDER:
            return steps[::-1] if last else []
        return [steps[at]]

    def _tell(self, message: Message, step: Step) -> None:
        url = message.draft.status_callback
        if not url:
            return
        form = self.callback_form(message, step)
        attempts = self._caller.call(url, form)
        answers = tuple(attempt.status for attempt in attempts)
        self.told.append(Told(message.sid, step.status, answers))

    def callback_form(self, message: Message, step: Step) -> dict[str, str]:
        """The parameters of a status callback, as WhatsApp's come."""
        draft = message.draft
        form = {
            "AccountSid": self._account_sid,
            "ApiVersion": API_VERSION,
            "ChannelInstallSid": "XE" + self._account_sid[2:],
            "ChannelPrefix": "whatsapp",
            "ChannelToAddress": draft.recipient.removeprefix("whatsapp:"),
            "From": draft.sender,
            "MessageSid": message.sid,
            "MessageStatus": step.status,
            "SmsSid": message.sid,
            "SmsStatus": step.status,
            "StructuredMessage": "true" if draft.content_sid else "false",
            "To": draft.recipient,
        }
        if step.status in ("delivered", "read"):
            form["EventType"] = step.status.upper()
        if step.error_code is not None:
            form["ErrorCode"] = str(step.error_code)
            form["ChannelStatusMessage"] = f"The channel refused the message ({step.error_code})"
        return form
