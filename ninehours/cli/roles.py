"""Roles in which a person asks, and the purpose that goes with each."""

from enum import StrEnum

from ninehours.cli.ending import USAGE, Failure


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

    @classmethod
    def named(cls, text: str) -> "Role":
        """By its name; a problem where there is no such role."""
        if text not in {*cls}:
            raise Failure(USAGE, f"there is no role {text!r}; there are {', '.join(cls)}")
        return cls(text)


BILLER, CLINICIAN = Role.BILLER, Role.CLINICIAN
FRONT_DESK, OPERATOR = Role.FRONT_DESK, Role.OPERATOR
