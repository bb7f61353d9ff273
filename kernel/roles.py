"""Roles in which people ask, and what their questions are for where nobody says otherwise."""

from enum import StrEnum

from kernel.rpc.tokens import Actor
from kernel.sites import EVERY_SITE


class Role(StrEnum):
    """As tokens name them."""

    FRONT_DESK = "front_desk"
    CLINICIAN = "clinician"
    BILLER = "biller"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"

    @property
    def purpose(self) -> str:
        """What its questions are for."""
        return {Role.CLINICIAN: "TREATMENT", Role.BILLER: "PAYMENT"}.get(self, "OPERATIONS")


def person_in(role: Role, subject: str = "") -> Actor:
    """Who asks on one machine, for every site; without a subject: nobody in particular."""
    return Actor(
        id=subject or f"person/local-{role.replace('_', '-')}",
        roles=frozenset({role}),
        sites=frozenset({EVERY_SITE}),
        purpose=role.purpose,
    )
