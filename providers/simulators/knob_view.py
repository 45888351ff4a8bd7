"""`/_sim/knobs` of a simulated provider: GET lists the knobs, POST turns one, DELETE clears."""

from flask import Response, jsonify, request

from providers.simulators.manners import Manners
from providers.simulators.wire_faults import Knobs

METHODS = ["GET", "POST", "DELETE"]


def serve_knobs(
    knobs: Knobs, operations: frozenset[str], manners: Manners | None = None
) -> Response:
    """Answer the request: the knobs of the wire, for these operations, and the provider's own."""
    own = manners or Manners({})
    if request.method == "DELETE":
        knobs.clear()
        own.clear()
    if request.method == "POST":
        given = request.get_json(silent=True)
        wish = given if isinstance(given, dict) else {}
        try:
            if own.knows(wish):
                own.turn(wish)
            else:
                knobs.turn(wish, operations)
        except ValueError as error:
            answer = jsonify(error=str(error))
            answer.status_code = 400
            return answer
    return jsonify([*knobs.listing(), *own.listing()])
