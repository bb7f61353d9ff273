"""The first page: where each role begins."""

from kernel.roles import Role
from ninehours.console.visit import GoTo, Screen, Visit

FIRST = {Role.FRONT_DESK: "/today", Role.CLINICIAN: "/my-day", Role.BILLER: "/worklist"}


def home(visit: Visit) -> GoTo | Screen:
    """To where the role begins; of one that has no page yet, what it can do meanwhile."""
    first = FIRST.get(visit.person.role)
    return GoTo(first) if first is not None else Screen("home.html")
