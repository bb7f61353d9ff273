"""An instrument answered item by item: kept as one goes, scored by the service."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.exchange.v1 import drafts_service_pb2 as drafts
from ninehours.intake.v1 import chart_service_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_pb

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import payers_named
from ninehours.console.pages.chart.asking import answered, asked
from ninehours.console.pages.chart.label import label_on
from ninehours.console.pages.chart.page import (
    client_in,
    known_sites,
    whose,
)
from ninehours.console.pages.chart.telling import moment_at, shown_moment
from ninehours.console.pages.today.acts import meta_of
from ninehours.console.policies import require
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

FORM = "CompleteAssessment"
SERVICE = "intake"  # whose drafts they are
FIELD = "item-"
COMMAND = "command_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedItem:
    """One of an instrument's; `answers`: each with its words, or its number alone. `given`: what
    was answered, empty: nothing."""

    number: int
    field: str
    asks: str
    answers: Sequence[tuple[str, str]]
    given: str
    scored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswers:
    """By item; `saved_at` None: they aren't kept."""

    given: Mapping[str, str]
    saved_at: Timestamp | None = None


def choose(visit: Visit) -> Screen:
    """By which instrument."""
    client_id = client_in(visit)
    require(visit, intake_pb.CompleteAssessmentRequest())
    listed = asked(visit, drafts.ListDraftsRequest(), SERVICE).rows("drafts")
    kept = {draft.form for draft in listed if draft.client_id == client_id}
    told = {
        **_about(visit, client_id)[0],
        "instruments": [
            (_name(each), each.title, _draft(_name(each)) in kept) for each in _instruments(visit)
        ],
    }
    return Screen("assess_choose.html", told)


def assess(visit: Visit) -> Screen | GoTo:
    """The instrument's items, with what was kept of them. The command's id stands in the address:
    whoever goes back to the form and sends it again says the same thing."""
    client_id = client_in(visit)
    require(visit, intake_pb.CompleteAssessmentRequest())
    if COMMAND not in visit.query:
        return GoTo(_path(client_id, visit.place["instrument"], str(uuid4())))
    return _screen(visit, client_id, _instrument(visit), _kept(visit, client_id))


def answer(visit: Visit) -> Screen | GoTo:
    """Keep what is answered until now, or have it scored."""
    require(visit, intake_pb.CompleteAssessmentRequest())
    client_id, instrument = client_in(visit), _instrument(visit)
    given = {
        name.removeprefix(FIELD): value
        for name, value in visit.form.items()
        if name.startswith(FIELD) and value.isdecimal()
    }
    if visit.form.get("act") == "keep":
        _keep(visit, client_id, given)
        return GoTo(_path(client_id, _name(instrument), visit.form.get(COMMAND, "")))
    request = intake_pb.CompleteAssessmentRequest(
        meta=meta_of(visit, FORM),
        client_id=client_id,
        instrument=instrument.instrument,
        answers={int(item): int(value) for item, value in given.items() if item.isdecimal()},
    )
    try:
        scored = visit.ask(request)
    except RemoteRefusal as refusal:
        says, text = refusal.details.get("answers", ""), refusal.message
        if says:
            text = words().assess.refused.format(why=says)
        elif refusal.reason == "COMMAND_ID_REUSED":
            text = words().assess.scored_before
        return _screen(visit, client_id, instrument, KeptAnswers(given=given), refused=text)
    _drop(visit, client_id)
    return GoTo(f"/clients/{client_id}/chart?assessed={scored.assessment_id}")


def _screen(
    visit: Visit,
    client_id: str,
    instrument: intake.Instrument,
    kept: KeptAnswers,
    refused: str = "",
) -> Screen:
    about, zone = _about(visit, client_id)
    items = items_of(instrument, kept.given)
    told = {
        **about,
        "path": _path(client_id, _name(instrument)),
        "instrument": instrument,
        "items": items,
        "command_id": visit.form.get(COMMAND) or visit.query.get(COMMAND, ""),
        "act_within": _within(instrument.act_within_minutes),
        "kept_at": shown_moment(moment_at(kept.saved_at, zone)) if kept.saved_at else "",
        "refused": refused,
        "focus": next((item.number for item in items if not item.given), items[0].number),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return Screen("assess.html", told, status)


def items_of(instrument: intake.Instrument, given: Mapping[str, str]) -> list[AskedItem]:
    """In the order of their numbers."""
    wordings = {wording.item: wording for wording in instrument.wordings}
    numbers = range(instrument.lowest_answer, instrument.highest_answer + 1)
    found = []
    for item in instrument.items:
        wording = wordings.get(item)
        says = list(wording.answers) if wording else []
        found.append(
            AskedItem(
                number=item,
                field=f"{FIELD}{item}",
                asks=wording.asks if wording else "",
                answers=[
                    (str(number), f"{number} {says[place]}" if place < len(says) else str(number))
                    for place, number in enumerate(numbers)
                ],
                given=given.get(str(item), ""),
                scored=item in instrument.scored_items,
            )
        )
    return found


def _about(visit: Visit, client_id: str) -> tuple[dict[str, object], ZoneInfo]:
    """What the head of the page is told, and the client's clock."""
    person = answered(visit, intake.ReadPersonRequest(client_id=client_id))
    zone = known_sites(visit).clock(person.said.site_id if person.said else "")
    label = label_on(visit, client_id, datetime.now(zone).date(), payers_named(visit))
    head = whose(visit, client_id, person, zone, label)
    return {"whose": head, "level": "", "levels_told": False, "may_ask_why": False}, zone


def _instruments(visit: Visit) -> Sequence[intake.Instrument]:
    return list(visit.ask(intake.ListInstrumentsRequest()).instruments)


def _instrument(visit: Visit) -> intake.Instrument:
    """The one that the address names; NoSuchPage."""
    for each in _instruments(visit):
        if _name(each) == visit.place["instrument"]:
            return each
    raise NoSuchPage


def _name(instrument: intake.Instrument) -> str:
    """As addresses have it: `phq9` of `phq9/1`."""
    name, _, _ = instrument.instrument.partition("/")
    return str(name)


def _draft(name: str) -> str:
    """What the draft of an instrument's answers is called."""
    return f"{FORM}.{name}"


def _path(client_id: str, name: str, command_id: str = "") -> str:
    asked_by = f"?{urlencode({COMMAND: command_id})}" if command_id else ""
    return f"/clients/{client_id}/assess/{name}{asked_by}"


def _within(minutes: int) -> str:
    """`24 h`; what is no whole hour in minutes."""
    hours, over = divmod(minutes, 60)
    text = words().assess
    return str(text.minutes.format(count=minutes) if over else text.hours.format(count=hours))


def _kept(visit: Visit, client_id: str) -> KeptAnswers:
    """What the person kept of it; nothing, where they didn't."""
    name = _draft(visit.place["instrument"])
    request = drafts.ReadDraftRequest(form=name, client_id=client_id)
    found = asked(visit, request, SERVICE).said
    if found is None:
        return KeptAnswers(given={})
    return KeptAnswers(given=json.loads(found.content), saved_at=found.saved_at)


def _keep(visit: Visit, client_id: str, given: Mapping[str, str]) -> None:
    content = json.dumps(given).encode()
    name = _draft(visit.place["instrument"])
    request = drafts.SaveDraftRequest(form=name, client_id=client_id, content=content)
    visit.ask(request, service=SERVICE)


def _drop(visit: Visit, client_id: str) -> None:
    """It is recorded; a draft that stays is over by itself."""
    name = _draft(visit.place["instrument"])
    asked(visit, drafts.DropDraftRequest(form=name, client_id=client_id), SERVICE)
