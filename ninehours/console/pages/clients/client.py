"""A client: who it is, what was said of them, why it was said otherwise, what may be said."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message_factory import GetMessageClass
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as statements

from kernel.roles import Role
from ninehours.console.directories import clients_named
from ninehours.console.forms.fields import Choice
from ninehours.console.forms.request_form import in_words
from ninehours.console.pages.clients.doubles import doubles_of
from ninehours.console.pages.clients.finding import level_of
from ninehours.console.pages.clients.names import SitesOfNetwork, name_of, payers, sites
from ninehours.console.pages.clients.person import who_of
from ninehours.console.pages.clients.statements import (
    PARTS,
    Choices,
    kind_of,
    said_in,
    said_of,
)
from ninehours.console.pages.staff import called_by
from ninehours.console.policies import may
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.fields import iso

KINDS = statements.Recording.DESCRIPTOR.fields_by_name


def client(visit: Visit) -> Screen:
    """Their page."""
    who = who_of(visit)
    here = sites(visit)
    known = choices_of(visit, who.client_id, here)
    said = visit.ask(statements.ListStatementsRequest(client_id=who.client_id)).statements
    zone = here.zone_of(who.site_id)
    told = said_of(said, known, zone, called_by(visit))
    shown = {
        "who": who,
        "shows_claims": visit.person.role is Role.BILLER,
        "site": name_of(known["site_id"], who.site_id),
        "summary": [*in_words(who.identity), *in_words(who.contacts)],
        "merged": clients_named(visit, who.merged),
        "may_take_apart": may(visit, intake.UnmergeClientsRequest()),
        "doubles": doubles_of(visit, who, here, _member_number(said)),
        "episodes": _episodes(visit, who.client_id, known),
        "sections": [
            {
                "name": name,
                "said": told[name],
                "read": () if told[name] else _read_only(name, known),
                "sayable": [each for each in SAYABLE[name] if may_say(visit, each)],
            }
            for name in PARTS
        ],
    }
    return Screen("client.html", shown)


# What is said anew of a client who is there, in the part where it is read.
SAYABLE = {
    "person": ("change_of_person",),
    "contacts": ("change_of_contacts",),
    "coverages": ("membership", "coverage", "end_of_coverage"),
    "consents": ("consent", "revocation", "restriction"),
    "admissions": ("admission",),
    "diagnoses": ("diagnosis", "end_of_diagnosis"),
    "screenings": ("screening",),
    "referrals": (),
}
# Of these it is a part of another kind that is said, as the rest of it stands.
OF_KIND = {"change_of_contacts": "change_of_person"}


def request_of(said: str) -> Any:
    """The class of the request that says it."""
    declared: Any = KINDS[OF_KIND.get(said, said)].message_type
    return GetMessageClass(declared)


def may_say(visit: Visit, said: str) -> bool:
    """Whether the reader's role may, whoever the client is."""
    return may(visit, request_of(said)())


def choices_of(visit: Visit, client_id: str, here: SitesOfNetwork) -> Choices:
    """Ids that something may be said of, and how they are called."""
    known = payers(visit)
    coverages = visit.ask(chart.ListCoveragesRequest(client_id=client_id)).coverages
    consents = visit.ask(chart.ListConsentsRequest(client_id=client_id)).consents
    told = words().clients
    return {
        "payer_id": known,
        "recipient_payer_id": known,
        "site_id": here.choices,
        "program_id": here.programs,
        "coverage_id": [
            Choice(
                each.coverage_id,
                told.coverage_in_words.format(
                    payer=name_of(known, each.payer_id),
                    number=each.member_number or told.forgotten,
                    first=iso(each.effective_from),
                ),
            )
            for each in coverages
        ],
        "consent_id": [
            Choice(
                each.consent_id,
                told.consent_in_words.format(
                    payer=name_of(known, each.recipient_payer_id), first=iso(each.given_on)
                ),
            )
            for each in consents
        ],
    }


def _member_number(said: Sequence[Any]) -> str:
    """The one that was said last, of whichever payer."""
    last = [each.revisions[-1] for each in said if kind_of(each) == "membership"]
    return next((said_in(each).member_number for each in last[::-1] if not each.voided), "")


def _read_only(section: str, known: Choices) -> Sequence[str]:
    """What a role may read of what others say."""
    of = {"coverages": "coverage_id", "consents": "consent_id"}
    return [choice.says for choice in known[of[section]]] if section in of else ()


def _episodes(visit: Visit, client_id: str, known: Choices) -> Sequence[Sequence[str]]:
    """Where they are and were in care; a biller's role doesn't ask it."""
    if visit.person.role not in (Role.FRONT_DESK, Role.CLINICIAN):
        return ()
    told = visit.ask(clients.ReadClientRequest(client_id=client_id)).episodes
    return [
        (
            name_of(known["site_id"], each.site_id),
            level_of(each.admitted_level),
            iso(each.admitted_on),
            iso(each.closed_on) if each.HasField("closed_on") else "",
        )
        for each in told
    ]
