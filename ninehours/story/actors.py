"""Who gives the story's commands and asks its questions, by the token they would hold."""

from collections.abc import Iterable

from kernel.rpc.tokens import Actor
from kernel.sites import EVERY_SITE


def actor(role: str, subject: str, purpose: str, sites: Iterable[str] = (EVERY_SITE,)) -> Actor:
    """Somebody in one role; for the whole network, unless sites are named."""
    return Actor(id=subject, roles=frozenset({role}), sites=frozenset(sites), purpose=purpose)


MANAGER = actor("administrator", "person/administrator", "OPERATIONS")
BILLER = actor("biller", "person/biller-1", "PAYMENT")
SECOND_BILLER = actor("biller", "person/biller-2", "PAYMENT")
OPERATOR = actor("operator", "person/operator", "OPERATIONS")
# Sees scores and reasons, which an operator is not told.
AUDITOR = actor("clinician", "person/clinical-auditor", "TREATMENT")
