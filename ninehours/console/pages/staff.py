"""Staff, as somebody chooses one of them: by their credentials, as nobody asks for their names."""

from collections.abc import Sequence
from dataclasses import dataclass

from ninehours.attendance.v1 import roster_service_pb2 as roster

from ninehours.console.texts import words
from ninehours.console.visit import Visit

KIND = "staff/"
LONGEST = 8  # of an id, beside what tells people apart


@dataclass(frozen=True, slots=True)
class StaffMember:
    """`subject`: of their tokens; `says`: credentials, where, and the beginning of their id."""

    subject: str
    says: str


def staff_of(visit: Visit, site_id: str) -> Sequence[StaffMember]:
    """Everybody who may lead sessions, by what they are called."""
    found = visit.ask(roster.ListStaffRequest(site_id=site_id)).staff
    return sorted((_member(each) for each in found), key=lambda member: member.says)


def _member(member: roster.StaffMember) -> StaffMember:
    subjects = [each.token_subject for each in member.credentials if each.token_subject]
    subject = subjects[-1] if subjects else f"{KIND}{member.staff_id}"
    held = dict.fromkeys(
        ", ".join(filter(None, (each.credential, each.state))) for each in member.credentials
    )
    called = subject if subjects else f"{KIND}{member.staff_id[:LONGEST]}"
    says = words().who.staff.format(credentials="; ".join(held), subject=called)
    return StaffMember(subject, str(says))
