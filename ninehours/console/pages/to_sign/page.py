"""The page: the queue, and what of it is looked at."""

from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import clients_named, sites_of
from ninehours.console.forms.refusals import WrongFields, at_fields
from ninehours.console.pages.my_day.page import first_day_of
from ninehours.console.pages.my_day.rows import (
    SitesById,
    in_words,
    short_date,
)
from ninehours.console.pages.staff import called_by, staff_of
from ninehours.console.pages.to_sign.deciding import (
    DECISIONS,
    FIELDS,
    REASONS,
    UnclearDecision,
    decision,
)
from ninehours.console.pages.to_sign.looking import looked_at
from ninehours.console.pages.to_sign.queue import (
    KINDS,
    WaitsForSigner,
    address_of,
    counted,
    queue_of,
)
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import day_of


def to_sign(visit: Visit) -> Screen:
    """The first of the queue, or the one that the address names."""
    return _screen(visit, visit.query.get("about", ""), visit.query.get("kind", ""))


def decide(visit: Visit) -> GoTo | Screen:
    """Say what was pressed of it. The next is looked at when it is asked for: a key pressed twice
    decides nothing for somebody unread."""
    about, kind = visit.form.get("about", ""), visit.form.get("kind", "")
    try:
        visit.ask(decision(visit))
    except UnclearDecision as unclear:
        return _screen(visit, about, kind, WrongFields({unclear.at: unclear.says}))
    except RemoteRefusal as refusal:
        wrong = at_fields(refusal, [*FIELDS, "reason", "statement"], words().to_sign.refusals)
        return _screen(visit, about, kind, wrong)
    said, of = visit.form["act"], visit.form.get("client", "")
    return GoTo(address_of(kind if kind in KINDS else "", said=said, of=of))


def _screen(visit: Visit, about: str, kind: str, wrong: WrongFields | None = None) -> Screen:
    listed = sites_of(visit)
    sites = {site.site_id: site for site in listed}
    today = first_day_of(listed, datetime.now(UTC))
    queue = queue_of(visit, today)
    kind = kind if kind in KINDS else ""
    rows = queue.of(kind)
    chosen = next((each for each in queue.rows if each.about_id == about), None)
    gone = bool(about) and chosen is None
    said, of = visit.query.get("said", ""), visit.query.get("of", "")
    just_said = said in DECISIONS and bool(of) and not about
    if not about and rows and not just_said:
        chosen = rows[0]
    shown_of = [each.client_id for each in (*rows, chosen) if each]
    shown = {
        "queue": rows,
        "kind": kind,
        "kinds": {each: count for each, count in counted(queue).items() if count or not each},
        "attestations_known": queue.attestations_known,
        "address_of": address_of,
        "names": clients_named(visit, [*shown_of, of] if just_said else shown_of),
        "sites": sites,
        "looked": looked_at(visit, chosen, today) if chosen else None,
        "gone": gone,
        "just_said": words().to_sign.said[said] if just_said else None,
        "said_of": of,
        "wrong": wrong or WrongFields(),
        "typed": visit.form,
        "reasons": REASONS,
        "date_of": short_date,
        "called": called_by(visit),
        "moment": lambda stamp: in_words(stamp, _zone(sites, chosen)),
        "dollars": dollars,
        "civil": day_of,
        "kind_of": plans.RecommendationKind.Name,
        "measure_of": plans.LevelMeasure.Name,
        "comparison_of": plans.ThresholdComparison.Name,
        "signer_of": plans.SignerRole.Name,
        "met": plans.OBJECTIVE_STATUS_MET,
        "staff": staff_of(visit, listed[0].site_id) if listed and not visit.person.subject else [],
    }
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("to_sign.html", shown, status)


def _zone(sites: SitesById, chosen: WaitsForSigner | None) -> ZoneInfo:
    """By whose clock what is looked at is told."""
    site = sites.get(chosen.site_id) if chosen else None
    return ZoneInfo(site.time_zone if site else "UTC")
