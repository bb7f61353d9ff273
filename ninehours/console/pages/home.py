"""The first page: where each role begins."""

from kernel.roles import Role
from ninehours.console.visit import GoTo, Visit

FIRST = {
    Role.FRONT_DESK: "/today",
    Role.CLINICIAN: "/my-day",
    Role.BILLER: "/worklist",
    Role.ADMINISTRATOR: "/reads",
    Role.OPERATOR: "/system",
}


def home(visit: Visit) -> GoTo:
    """To where the role begins."""
    return GoTo(FIRST[visit.person.role])
