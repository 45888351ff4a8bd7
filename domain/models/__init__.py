"""The tables. One import of this package knows them all, so that relations between files
resolve.
"""

from domain.models.base import Base
from domain.models.ledger import Evidence, Transfer
from domain.models.payments import Payment, PaymentEdge, PaymentEvent, PaymentStatusName
from domain.models.people import (
    BookingContact,
    Contact,
    ContactIdentity,
    LookupTry,
    Message,
    Turn,
)
from domain.models.refunds import Refund
from domain.models.sales import (
    Account,
    Booking,
    Departure,
    Operator,
    Switch,
    Tour,
    TourAccount,
)
from domain.models.staff import (
    AuditEntry,
    Proposal,
    RecoveryCode,
    Staff,
    StaffInvitation,
    StaffNotice,
    StaffSession,
)

__all__ = [
    "Account",
    "AuditEntry",
    "Base",
    "Booking",
    "BookingContact",
    "Contact",
    "ContactIdentity",
    "Departure",
    "Evidence",
    "LookupTry",
    "Message",
    "Operator",
    "Payment",
    "PaymentEdge",
    "PaymentEvent",
    "PaymentStatusName",
    "Proposal",
    "RecoveryCode",
    "Refund",
    "Staff",
    "StaffInvitation",
    "StaffNotice",
    "StaffSession",
    "Switch",
    "Tour",
    "TourAccount",
    "Transfer",
    "Turn",
]
