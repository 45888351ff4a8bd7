"""The page behind a simulated provider's payment link, where a person pays or declines."""

from dataclasses import dataclass

from flask import render_template


@dataclass(frozen=True, slots=True)
class PayPage:
    """What the page shows. `answers` are the buttons: value posted and text; none: it is over.

    `amount` is written out with its currency, `state` one sentence about where the payment stands.
    The chosen value is posted to the page's own address as `answer`.
    """

    provider: str
    payee: str
    amount: str
    reference: str
    state: str
    answers: tuple[tuple[str, str], ...] = ()


def show(page: PayPage) -> str:
    """The page as HTML."""
    return render_template("pay.html", page=page)
