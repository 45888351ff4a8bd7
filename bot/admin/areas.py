"""The areas of the web view: every blueprint that it serves."""

from collections.abc import Sequence

from flask import Blueprint

from bot.admin.accounts import pages as accounts
from bot.admin.accounts import proposing as account_changes
from bot.admin.approvals import pages as approvals
from bot.admin.audit_trail import pages as audit_trail
from bot.admin.bookings import pages as bookings
from bot.admin.conversations import pages as conversations
from bot.admin.departures import pages as departures
from bot.admin.operations import pages as operations
from bot.admin.operators import pages as operators
from bot.admin.payment import acts as payment_acts
from bot.admin.payment import pages as payment
from bot.admin.people import pages as people
from bot.admin.profile import pages as profile
from bot.admin.review import pages as review
from bot.admin.settings import pages as settings
from bot.admin.signin import joining
from bot.admin.signin import pages as signin
from bot.admin.statements import pages as statements
from bot.admin.switches import pages as switches
from bot.admin.today import pages as today
from bot.admin.transactions import pages as transactions

BLUEPRINTS: Sequence[Blueprint] = (
    signin.blueprint,
    joining.blueprint,
    profile.blueprint,
    people.blueprint,
    today.blueprint,
    transactions.blueprint,
    payment.blueprint,
    payment_acts.blueprint,
    review.blueprint,
    approvals.blueprint,
    departures.blueprint,
    bookings.blueprint,
    conversations.blueprint,
    settings.blueprint,
    operators.blueprint,
    accounts.blueprint,
    account_changes.blueprint,
    switches.blueprint,
    statements.blueprint,
    operations.blueprint,
    audit_trail.blueprint,
)
