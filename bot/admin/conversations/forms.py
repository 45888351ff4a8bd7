"""What is posted to a conversation."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from domain.talking import LONGEST_ANSWER


class AnswerForm(FlaskForm):
    """A text to the customer. `answer_id` is minted with the form. The browser cuts nothing off
    what is pasted: what is too long is refused in words, and stays.
    """

    answer_id = HiddenField()
    text = TextAreaField("Your answer", render_kw={"rows": 3, "data-longest": LONGEST_ANSWER})


class TakeForm(FlaskForm):
    """Who had the conversation when the page was made: 0 for the bot."""

    holder = HiddenField()
