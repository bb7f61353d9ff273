"""The page: the queue, and what of it is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from ninehours.console.directories import clients_named, sites_of
from ninehours.console.forms.refusals import says_of
from ninehours.console.pages.my_day.page import first_day_of
from ninehours.console.pages.my_day.rows import civil_date, short_date
from ninehours.console.pages.staff import staff_of
from ninehours.console.pages.to_sign.plan import compared, plan_named
from ninehours.console.pages.today.acts import meta_of
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

PATH = "/to-sign"
STEPS = frozenset({plans.RECOMMENDATION_KIND_STEP_UP, plans.RECOMMENDATION_KIND_STEP_DOWN})
REASONS = [name for name in plans.RefusalReason.keys() if not name.endswith("UNSPECIFIED")]  # noqa: SIM118 - an enum wrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForSigner:
    """A row of the queue."""

    kind: str
    about_id: str
    client_id: str
    since: date
    site: str
    site_id: str

    @property
    def address(self) -> str:
        return f"{PATH}?{urlencode({'client': self.client_id, 'about': self.about_id})}"


@dataclass(frozen=True, slots=True)
class RefusedDecision:
    """Why it was refused, and at which field; empty: of the whole."""

    says: str
    field: str = ""


class UnclearDecision(Exception):
    """What was typed can't be sent; the text is for who typed it."""

    def __init__(self, says: str, at: str) -> None:
        super().__init__(says)
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is looked at: a plan with what it says, or a recommendation with what it rests on."""

    waiting: WaitsForSigner
    today: date
    lines: Sequence[Any] = field(default=(), repr=False)
    plan: care.RecordedPlan | None = field(default=None, repr=False)
    follows: bool = False
    recommendation: plans.Recommendation | None = field(default=None, repr=False)
    scores_withheld: bool = False

    @property
    def is_step(self) -> bool:
        return self.recommendation is not None and self.recommendation.kind in STEPS


def to_sign(visit: Visit) -> Screen:
    """The first of the queue, or the one that the address names."""
    return _screen(visit, visit.query.get("about", ""))


def decide(visit: Visit) -> GoTo | Screen:
    """Sign or refuse a plan, accept or override a recommendation."""
    about = visit.form.get("about", "")
    try:
        visit.ask(_command(visit, about))
    except UnclearDecision as unclear:
        return _screen(visit, about, RefusedDecision(str(unclear), unclear.at))
    except RemoteRefusal as refusal:
        return _screen(visit, about, RefusedDecision(says_of(refusal, words().to_sign.refusals)))
    return GoTo(PATH)


def _command(visit: Visit, about: str) -> Message:
    form = visit.form
    act = form.get("act", "")
    meta = meta_of(visit, act)
    if act in ("sign", "attest"):
        role = plans.SIGNER_ROLE_CLINICIAN if act == "sign" else plans.SIGNER_ROLE_CLIENT
        return plans.SignPlanRequest(
            meta=meta, plan_id=about, signer_role=role, signed_on=to_date(_day(form, "signed_on"))
        )
    if act == "refuse":
        if form.get("reason", "") not in REASONS:
            raise UnclearDecision(words().to_sign.no_reason, "reason")
        who = "CLIENT" if form.get("who") == "client" else "CLINICIAN"
        return plans.RefusePlanRequest(
            meta=meta,
            plan_id=about,
            signer_role=f"SIGNER_ROLE_{who}",
            reason=form["reason"],
            refused_on=to_date(_day(form, "signed_on")),
        )
    if act not in ("accept", "override"):
        raise NoSuchPage
    decision = plans.DecideRecommendationRequest(
        meta=meta,
        client_id=form.get("client", ""),
        recommendation_id=about,
        accept=act == "accept",
        reason=form.get("why", "").strip(),
    )
    if act == "override" and not decision.reason:
        raise UnclearDecision(words().to_sign.no_why, "why")
    if act == "accept" and form.get("level", ""):
        decision.level_of_care = form["level"].strip()
        decision.effective_from.CopyFrom(to_date(_day(form, "effective_from")))
    return decision


def _day(form: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise UnclearDecision(words().to_sign.no_day, name) from None


def _screen(visit: Visit, about: str, wrong: RefusedDecision | None = None) -> Screen:
    listed = sites_of(visit)
    sites = {site.site_id: site.name for site in listed}
    today = first_day_of(listed, datetime.now(UTC))
    items = visit.ask(courses.ListToSignRequest(on=to_date(today))).items
    queue = [
        WaitsForSigner(
            kind=courses.ToSignKind.Name(item.kind),
            about_id=item.about_id,
            client_id=item.client_id,
            since=civil_date(item.since),
            site=sites.get(item.site_id, ""),
            site_id=item.site_id,
        )
        for item in items
    ]
    chosen = next((each for each in queue if each.about_id == about), None)
    gone = bool(about) and chosen is None
    if not about and queue:
        chosen = queue[0]
    shown = {
        "queue": queue,
        "names": clients_named(visit, [each.client_id for each in queue]),
        "looked": _looked(visit, chosen, today) if chosen else None,
        "gone": gone,
        "wrong": wrong,
        "typed": visit.form,
        "reasons": REASONS,
        "date_of": short_date,
        "civil": civil_date,
        "kind_of": plans.RecommendationKind.Name,
        "measure_of": plans.LevelMeasure.Name,
        "comparison_of": plans.ThresholdComparison.Name,
        "signer_of": plans.SignerRole.Name,
        "staff": staff_of(visit, listed[0].site_id) if listed and not visit.person.subject else [],
    }
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("to_sign.html", shown, status)


def _looked(visit: Visit, waiting: WaitsForSigner, today: date) -> Looked:
    if waiting.kind == "TO_SIGN_KIND_PLAN":
        found = visit.ask(care.ReadPlansRequest(client_id=waiting.client_id)).plans
        plan = plan_named(found, waiting.about_id)
        if plan is None:
            raise NoSuchPage
        before = plan_named(found, plan.supersedes_plan_id)
        lines = compared(plan, before)
        return Looked(
            waiting=waiting, today=today, lines=lines, plan=plan, follows=before is not None
        )
    answer = visit.ask(plans.ListRecommendationsRequest(client_id=waiting.client_id))
    for each in answer.recommendations:
        if each.recommendation_id == waiting.about_id:
            return Looked(
                waiting=waiting,
                today=today,
                recommendation=each,
                scores_withheld=answer.scores_withheld,
            )
    raise NoSuchPage
