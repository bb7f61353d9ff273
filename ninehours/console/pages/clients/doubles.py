"""Two clients who may be one person: who stands beside a client, and what somebody judges of them.

The last word counts, and rests on the one before: who judges meanwhile is shown beside mine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as search

from ninehours.console.directories import clients_named
from ninehours.console.forms import versioned
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying
from ninehours.console.pages.clients.finding import brief_of
from ninehours.console.pages.clients.names import SitesOfNetwork, sites, who
from ninehours.console.pages.clients.person import WhoTheyAre, who_of
from ninehours.console.pages.today.times import on_the_wall
from ninehours.console.policies import may, require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit

OTHER = "other_client_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleDouble:
    """Another client, who may be this person. `tells`: what tells them apart; `why`: why they may
    be one, or what was judged, and as what; `judged`: when and by whom, empty: nobody did yet.
    `merges`: as one person they may be merged from here."""

    client_id: str
    name: str
    tells: str
    why: str
    judged: str = ""
    merges: bool = False


def doubles_of(
    visit: Visit, person: WhoTheyAre, here: SitesOfNetwork, member_number: str
) -> Sequence[PossibleDouble]:
    """Whom nobody judged first; nobody where the reader's role judges nobody."""
    if not may(visit, intake.JudgeDoublesRequest()):
        return ()
    return [*_likely(visit, person, here, member_number), *_judged(visit, person, here)]


def ask_of_double(visit: Visit) -> Screen:
    """One person, or two? With the last word, where there is one."""
    return versioned.ask(visit, *_judging(visit))


def say_of_double(visit: Visit) -> Screen | GoTo:
    """What was pressed; of who was judged meanwhile, theirs beside mine."""
    return versioned.say(visit, *_judging(visit))


def _likely(
    visit: Visit, person: WhoTheyAre, here: SitesOfNetwork, member_number: str
) -> Sequence[PossibleDouble]:
    if not person.identity.family_name or person.goes_on_as:
        return ()  # forgotten; or it is told of the one that goes on
    asked = search.LookForDoublesRequest(
        client_id=person.client_id,
        family_name=person.identity.family_name,
        given_name=person.identity.given_name,
        birth_date=person.identity.birth_date,
        member_number=member_number,
        phone=person.contacts.phone,
    )
    by, told = words().registering.likely, words().clients
    judged = {_other(pair, person) for pair in person.judged}
    found = []
    for each in visit.ask(asked).doubles:
        if each.client.client_id in judged:
            continue  # as one person: that word stands below
        why = [by[search.LikelyBy.Name(reason)] for reason in each.reasons]
        brief = brief_of(each, why, here.choices)
        tells = filter(None, (brief.born and told.born + brief.born, brief.site, brief.care))
        found.append(
            PossibleDouble(
                client_id=brief.client_id,
                name=brief.name,
                tells=", ".join(tells),
                why=", ".join(brief.why),
            )
        )
    return found


def _judged(visit: Visit, person: WhoTheyAre, here: SitesOfNetwork) -> Sequence[PossibleDouble]:
    zone = here.zone_of(person.site_id)
    names = clients_named(visit, (_other(pair, person) for pair in person.judged))
    one = {person.goes_on_as, *person.merged}
    found = []
    for pair in person.judged:
        at = pair.recorded_at.ToDatetime(tzinfo=UTC).astimezone(zone)
        verdict = words().values[intake.DoublesVerdict.Name(pair.verdict)]
        found.append(
            PossibleDouble(
                client_id=_other(pair, person),
                name=names.name(_other(pair, person)),
                tells="",
                why=": ".join(filter(None, (verdict, pair.reason))),
                judged=f"{at:%Y-%m-%d}, {on_the_wall(at, zone)}, {who(pair.recorded_by)}",
                merges=pair.verdict == intake.DOUBLES_VERDICT_ONE_PERSON
                and not (person.goes_on_as or _other(pair, person) in one)
                and may(visit, intake.MergeClientsRequest()),
            )
        )
    return found


def _other(pair: chart.JudgedDouble, person: WhoTheyAre) -> str:
    """Whichever was named first: who is none of this person's, else the other of their records."""
    mine = {person.client_id, person.goes_on_as, *person.merged}
    named = (pair.other_client_id, pair.client_id)
    return str(min(named, key=lambda each: (each == person.client_id, each in mine)))


def _judging(visit: Visit) -> tuple[Saying, RequestForm, int]:
    """As it was judged last, and at which version."""
    require(visit, intake.JudgeDoublesRequest())
    person, other = who_of(visit), who_of(visit, OTHER)
    request = intake.JudgeDoublesRequest(
        client_id=person.client_id, other_client_id=other.client_id
    )
    version = 0
    for pair in person.judged:
        if _other(pair, person) == other.client_id:
            request.verdict, request.reason, version = pair.verdict, pair.reason, pair.version
    told, here = words().clients.doubles, sites(visit)
    one, two = (each.told_apart(here.zone_of(each.site_id)) for each in (person, other))
    saying = Saying(
        path=f"{person.address}/doubles/{other.client_id}",
        title=told.title,
        says=told.says,
        about=told.both.format(one=one, other=two),
        whose={each.client_id: each.record for each in (person, other)},
        back=f"{person.address}#doubles",
    )
    return saying, RequestForm(request=request), version
