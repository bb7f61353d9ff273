"""Roles in which the command line asks."""

from kernel.roles import Role
from ninehours.cli.ending import USAGE, Failure

BILLER, CLINICIAN = Role.BILLER, Role.CLINICIAN
FRONT_DESK, OPERATOR = Role.FRONT_DESK, Role.OPERATOR


def role_named(text: str) -> Role:
    """By its name; a problem where there is no such role."""
    if text not in {*Role}:
        raise Failure(USAGE, f"there is no role {text!r}; there are {', '.join(Role)}")
    return Role(text)
