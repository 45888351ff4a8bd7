"""Forms that carry an id which was minted with them, so that a form sent twice is one act."""

from uuid import UUID, uuid4

from flask_wtf import FlaskForm
from wtforms import HiddenField


class ActForm(FlaskForm):
    """An act with its minted id."""

    act_id = HiddenField(default=lambda: str(uuid4()))

    @property
    def minted(self) -> UUID:
        """The id that the form was shown with. One that is not ours counts as none."""
        try:
            return UUID(self.act_id.data or "")
        except ValueError:
            return uuid4()
