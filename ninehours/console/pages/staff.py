"""Staff, as somebody chooses one of them, or is told who it was: by name, where billing has one of
them, and by their id in any case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from ninehours.attendance.v1 import roster_service_pb2 as roster

from ninehours.console.directories import staff_named
from ninehours.console.pages.clients.names import TELLING, Called, who
from ninehours.console.texts import words
from ninehours.console.visit import Visit

KIND = "staff/"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """`subject`: of their tokens; `says`: name, credentials, where, and the beginning of their
    id."""

    subject: str
    says: str


def staff_of(visit: Visit, site_id: str) -> Sequence[StaffMember]:
    """Everybody who may lead sessions, by what they are called."""
    found = visit.ask(roster.ListStaffRequest(site_id=site_id)).staff
    names = staff_named(visit)
    return sorted((_member(each, names) for each in found), key=lambda member: member.says)


def called_by(visit: Visit) -> Called:
    """By a subject, who it is: `Kim Ferro (staff/…)`. Billing is asked once one of the staff is."""
    names = cache(partial(staff_named, visit))
    return lambda subject: in_full(names() if subject.startswith(KIND) else {}, subject)


def in_full(names: Mapping[str, str], subject: str) -> str:
    """With their name, where `names` has it by their id; else as they are called without."""
    name = names.get(subject.removeprefix(KIND)) if subject.startswith(KIND) else None
    return f"{name} ({subject})" if name else who(subject)


def _member(member: roster.StaffMember, names: Mapping[str, str]) -> StaffMember:
    subjects = [each.token_subject for each in member.credentials if each.token_subject]
    subject = subjects[-1] if subjects else f"{KIND}{member.staff_id}"
    held = dict.fromkeys(
        ", ".join(filter(None, (each.credential, each.state))) for each in member.credentials
    )
    called = subject if subjects else f"{KIND}{member.staff_id[:TELLING]}"
    own = ", ".join(filter(None, (names.get(member.staff_id, ""), "; ".join(held))))
    says = words().who.staff.format(credentials=own, subject=called)
    return StaffMember(subject, str(says))
