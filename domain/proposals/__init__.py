"""Acts that take two people: one proposes with evidence, another one approves or rejects, and
nothing happens before.

    proposed ─┬▸ approved: the act is carried out in the same commit
              └▸ rejected, also by who proposed it

deciding  proposing, approving, rejecting, what waits
acts      what there is to propose: a name, and what carries it out
"""

from domain.proposals.deciding import approve, propose, reject, waiting
from domain.wishes import NotDone, Tools, Why, Wish

__all__ = ["NotDone", "Tools", "Why", "Wish", "approve", "propose", "reject", "waiting"]
