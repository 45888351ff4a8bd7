"""Whatever is written at whatever step: no turn fails, no code is submitted that was not written,
and no payment is opened but by who was asked for a number or a yes.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.answers import normalize
from flows.answers.number_words import spell_out
from tests.inputs.chat import CODE, WAY_TO, Chat

# Pieces that the readers care about, beside any text at all.
PIECES = st.sampled_from([
    "1", "0", "100", "400", CODE, "111222", "0774975187", "KS-2024-001", "USD", "$", "%", "-",
    ".", "OTP", "code", "not", "cancel", "cancle", "pay", "yes", "no", "half", "full", "back",
    "resend", "change amount to", "wrong number", "two hundred", "eight three six zero six six",
    "this number",
    "O", "½", "²", "٨٣٦٠٦٦", "🛑", "👍", "\n", "\u200b", "\0", "?", "menu", "status", "русский",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.lists(PIECES, max_size=5).map(" ".join),
    st.text(max_size=3).map(lambda text: text.encode("utf-8", "ignore").decode() * 1500),
)
PARAMS = st.sampled_from([
    {}, {}, {}, {"Forwarded": "true"}, {"ButtonPayload": "tp:{here}:yes"},
    {"ButtonPayload": "tp:{here}:cancel"}, {"ButtonPayload": "tp:1:again"},
    {"ButtonPayload": "tp:{here}:amount:999999999999999"},
    {"ButtonPayload": "tp:{here}:reference:"}, {"ButtonPayload": "tp:::::"},
    {"ListId": "x" * 300}, {"NumMedia": "٣"}, {"NumMedia": "9" * 30},
    {"NumMedia": "1", "MediaContentType0": "audio/ogg"}, {"Latitude": "nowhere"},
])  # fmt: skip
# Who waits for a code may name another number, and who came to nothing may try again.
MAY_OPEN = ("number", "consent", "starting", "otp", "cancelled", "failed")


def figures_of(text: str) -> str:
    """The figures of a text in reading order, those in words too."""
    return "".join(character for character in spell_out(normalize(text)) if character.isdigit())


@pytest.mark.parametrize("step", WAY_TO)
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(messages=st.lists(st.tuples(TEXTS, PARAMS), min_size=1, max_size=4))
def test_any_messages_at_any_step(
    step: str, messages: list[tuple[str, dict[str, str]]], chat: Chat
) -> None:
    chat.begin(step)
    for text, params in messages:
        seen = chat.send(text, params)
        assert seen.http_status == 200
        assert seen.message_status == "heard"
        assert "common.sorry" not in (*seen.said, *seen.told)
        submitted = seen.after.submitted - seen.before.submitted
        was_confirming = "confirming" in seen.before.statuses
        assert submitted <= 1
        if submitted and not was_confirming:
            assert len(figures_of(text)) >= 6
        if len(seen.after.debits) > len(seen.before.debits) and not was_confirming:
            assert CODE in figures_of(text)
        if len(seen.after.statuses) > len(seen.before.statuses):
            assert seen.before.step in MAY_OPEN
        assert seen.after.paid_minor <= 50_000
