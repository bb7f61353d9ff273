"""Where what keeps a day from being billed is mended: the page of the command that does it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ninehours.billing.v1 import explanation_service_pb2 as billing

from kernel.roles import Role
from ninehours.console.pages.claims.next_acts import ACTS_OF_COMMANDS
from ninehours.console.texts import words
from ninehours.told.fields import iso

PLACES: Mapping[str, str] = {
    "VerifyCoverage": "/clients/{client_id}#coverages",
    "AdmitClient": "/clients/{client_id}/say/admission",
    "RecordDiagnosis": "/clients/{client_id}/say/diagnosis",
    "GiveConsent": "/clients/{client_id}/say/consent",
    "SignPlan": "/to-sign",
    "SignNote": "/my-day",
    "AttestNote": "/my-day",
    "CloseSession": "/today?site={site_id}&on={on}",
    "CorrectAttendance": "/today?site={site_id}&on={on}",
    **{command: f"/days/{{client_id}}/{{on}}/{act}" for command, act in ACTS_OF_COMMANDS.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """What opens a gate. `page`: where the reader does it; else `who` does, in words; neither:
    nobody can any more."""

    says: str
    page: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Why a day can't be billed as it stands, and what mends that."""

    says: str
    mends: Sequence[Mend]


def in_the_way(
    obstacles: Iterable[billing.Obstacle], client_id: str, site_id: str, role: Role
) -> list[InTheWay]:
    """As somebody in that role reads it."""
    return [
        InTheWay(
            each.says,
            [
                mend_of(release, role, client_id=client_id, site_id=site_id, on=iso(each.on))
                for release in each.releases
            ],
        )
        for each in obstacles
    ]


def named_roles(roles: Iterable[str]) -> str:
    """`Front desk or Biller`."""
    return str(words().mending.either).join(words().roles.get(role, role) for role in roles)


def mend_of(opener: Any, role: Role, **about: str) -> Mend:
    """Of a command that opens a gate (a Release, an Opener), as somebody in that role reads it."""
    command = opener.rpc.rpartition("/")[2]
    if role in opener.roles and command in PLACES:
        return Mend(says=said_of(command), page=PLACES[command].format(**about))
    return Mend(says=opener.says, who=named_roles(opener.roles))


def said_of(command: str) -> str:
    """What one does by it, in words."""
    if command in ACTS_OF_COMMANDS:
        return str(words().claim.of_day[ACTS_OF_COMMANDS[command]].title)
    return str(words().mending.says[command])
