"""Who looks at a page: the person behind the cookie, read once a request."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, request
from flask_login import UserMixin, current_user

from bot.admin.scope import Scope
from domain.database import transaction
from domain.staff import sessions
from domain.staff.trail import By


@dataclass(frozen=True, slots=True)
class Viewer(UserMixin):
    """A person of staff who is signed in. `approver_from`: from then on they may be the second
    person. `is_fresh`: they showed who they are a few minutes ago.
    """

    id: int
    email: str
    role: str
    operator_id: int | None
    operator: str | None
    approver_from: datetime | None
    has_authenticator: bool
    is_fresh: bool
    token: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def scope(self) -> Scope:
        """The rows they see."""
        return Scope(None if self.is_admin else self.operator_id)

    @property
    def by(self) -> By:
        """Who acts, for the audit trail."""
        return By(self.id, self.email)

    def get_id(self) -> str:
        """What the cookie says."""
        return self.token


def load(token: str) -> Viewer | None:
    """The person whose session this token opens, or None for one that ended."""
    with transaction() as db:
        found = sessions.find(db, token)
        # A page that looks for news by itself is nobody who is there.
        if found is not None and found.seen_long_ago and "HX-Request" not in request.headers:
            sessions.touch(db, token)
    if found is None:
        return None
    person = found.staff
    return Viewer(
        id=person.id,
        email=person.email,
        role=person.role,
        operator_id=person.operator_id,
        operator=found.operator,
        approver_from=person.approver_from,
        has_authenticator=person.totp_sealed is not None,
        is_fresh=found.is_fresh,
        token=token,
    )


def viewer() -> Viewer:
    """Who looks. Only in pages that are not open to everybody."""
    user = current_user._get_current_object()
    if not isinstance(user, Viewer):
        abort(401)
    return user


def scope() -> Scope:
    """The rows that whoever looks may see."""
    return viewer().scope
