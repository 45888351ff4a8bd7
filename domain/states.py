"""The statuses of a payment and the moves between them.

The database holds the same table and refuses any other move.

    created ▸ starting ─┬▸ awaiting_otp ─▸ confirming ─┬▸ succeeded
                        └▸ awaiting_customer ──────────┼▸ failed · expired · cancelled
                                                       │     └─▸ succeeded (late money)
                                  uncertain ◂──────────┴▸ asked until certain; then two people
"""

CREATED = "created"
STARTING = "starting"
AWAITING_OTP = "awaiting_otp"
AWAITING_CUSTOMER = "awaiting_customer"
CONFIRMING = "confirming"
UNCERTAIN = "uncertain"
SUCCEEDED = "succeeded"
FAILED = "failed"
EXPIRED = "expired"
CANCELLED = "cancelled"

STATUSES = (
    CREATED,
    STARTING,
    AWAITING_OTP,
    AWAITING_CUSTOMER,
    CONFIRMING,
    UNCERTAIN,
    SUCCEEDED,
    FAILED,
    EXPIRED,
    CANCELLED,
)

# Over, as far as we know; late money may still turn them into SUCCEEDED.
ENDED_UNPAID = (FAILED, EXPIRED, CANCELLED)
ENDED = (SUCCEEDED, *ENDED_UNPAID)
# A write to the provider is under way, under a lease.
CALLING = (STARTING, CONFIRMING)
# These hold the booking's balance for a while only; money moves in them only when the customer
# acts.
WAITING = (CREATED, STARTING, AWAITING_OTP, AWAITING_CUSTOMER)
# These hold it for as long as they last: money may have moved already.
MOVING = (CONFIRMING, UNCERTAIN)

EDGES = frozenset(
    {
        (CREATED, STARTING),
        (CREATED, CANCELLED),
        (CREATED, EXPIRED),
        (CREATED, FAILED),
        (STARTING, AWAITING_OTP),
        (STARTING, AWAITING_CUSTOMER),
        (STARTING, FAILED),
        (STARTING, UNCERTAIN),
        (AWAITING_OTP, CONFIRMING),
        (AWAITING_OTP, CANCELLED),
        (AWAITING_OTP, EXPIRED),
        (CONFIRMING, AWAITING_OTP),
        (CONFIRMING, FAILED),
        (CONFIRMING, UNCERTAIN),
        (AWAITING_CUSTOMER, FAILED),
        (AWAITING_CUSTOMER, CANCELLED),
        (AWAITING_CUSTOMER, EXPIRED),
        (UNCERTAIN, AWAITING_OTP),
        (UNCERTAIN, AWAITING_CUSTOMER),
        (UNCERTAIN, FAILED),
        (UNCERTAIN, EXPIRED),
        (UNCERTAIN, CANCELLED),
        *((status, SUCCEEDED) for status in STATUSES if status != SUCCEEDED),
    }
)
