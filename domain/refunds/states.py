"""The statuses of a refund; a trigger of the database holds the moves between them."""

REQUESTED = "requested"
APPROVED = "approved"
SENDING = "sending"
PENDING = "pending"
UNCERTAIN = "uncertain"
SUCCEEDED = "succeeded"
FAILED = "failed"

# Nothing was sent yet.
UNSENT = (REQUESTED, APPROVED)
# The provider's one call is under way, or nobody knows what came of it.
CALLING = (SENDING, UNCERTAIN)
OPEN = (*UNSENT, *CALLING, PENDING)

PROVIDER = "provider"
OUTSIDE = "outside"
