"""The story played on nothing: what it says, by whom and when, in seconds and for any seed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import statements_service_pb2 as intake_statements
from ninehours.plans.v1 import plans_service_pb2 as plans
from ninehours.plans.v1 import statements_service_pb2 as plans_statements

from kernel.rpc.connections import Connections
from kernel.rpc.rpcs import rpc_of, service_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import date_of, to_date, to_timestamp
from kernel.statements import FIRST
from ninehours.story import days
from ninehours.story.blocks import DECIDED
from ninehours.story.gateway import Gateway
from ninehours.story.people import InventedPeople
from ninehours.story.plot import SCENES, Scene, go_on
from ninehours.story.story import DemoStory


@dataclass(frozen=True, kw_only=True)
class Given:
    """A command of the story, and what was answered."""

    step: str
    actor: Actor
    request: Any
    now: datetime
    answer: Any

    @property
    def service(self) -> str:
        return service_of(self.request)

    @property
    def rpc(self) -> str:
        return rpc_of(self.request).name


class RecordingGateway(Gateway):
    """Keeps every command with its answer, in the order in which they were answered."""

    def __init__(self, services: Connections[Actor], **options: Any) -> None:
        super().__init__(services, **options)
        self.given: list[Given] = []

    def give(self, actor: Actor, step: str, request: Any, now: datetime) -> Any:
        answer = super().give(actor, step, request, now)
        self.given.append(Given(step=step, actor=actor, request=request, now=now, answer=answer))
        return answer


def rehearse(people: InventedPeople, scenes: Sequence[Scene] = SCENES) -> list[Given]:
    """Every command, in the order of a play by one worker."""
    with RecordingGateway(MadeUp(), seed=people.seed, workers=1) as gateway:
        go_on(DemoStory(gateway=gateway, people=people), scenes)
    return gateway.given


class MadeUp(Connections[Actor]):
    """Answers that nobody gave: as many and as much as later commands need.

    Ids come from the command's; sessions from templates; at each issue of a payer's claims one of
    everybody whom it covers, and the last of them is to be corrected. What else is asked is
    answered with nothing.
    """

    def __init__(self) -> None:
        self._zones: dict[str, str] = {}
        self._templates: dict[str, attendance.DefineTemplateRequest] = {}
        self._covered: defaultdict[str, list[str]] = defaultdict(list)
        self._claims: list[billing.Claim] = []
        self._said: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)

    def close(self) -> None:
        """Nothing is open."""

    def ask(self, caller: Actor, request: Any, **_: object) -> Any:
        name = request.DESCRIPTOR.full_name.removesuffix("Request") + "Response"
        response: Any = GetMessageClass(Default().FindMessageTypeByName(name))()
        if "meta" in request.DESCRIPTOR.fields_by_name:
            for field in response.DESCRIPTOR.fields:
                if field.name.endswith("_id"):
                    setattr(response, field.name, _id(request, field.name))
        match request:
            case attendance.OpenSiteRequest():
                self._zones[response.site_id] = request.time_zone
            case attendance.DefineTemplateRequest():
                self._templates[response.template_id] = request
            case attendance.ExpandTemplateRequest():
                self._expand(request, response)
            case intake.AddCoverageRequest():
                self._covered[request.payer_id].append(request.client_id)
                self._say(intake_statements, request, membership=request)
            case intake.AdmitClientRequest():
                self._say(intake_statements, request, admission=request)
            case billing.IssueClaimsRequest():
                self._issue(request, response)
            case billing.ListClaimsRequest():
                response.claims.extend(
                    claim for claim in self._claims if request.frequency in ("", claim.frequency)
                )
            case billing.ListProposalsRequest():
                response.proposals.extend(self._proposed(request))
            case plans.DischargeClientRequest():
                self._say(plans_statements, request, discharge=request)
            case plans_statements.ListStatementsRequest():
                response.statements.extend(self._said["plans", request.client_id])
            case intake_statements.ListStatementsRequest():
                response.statements.extend(self._said["intake", request.client_id])
            case plans.ListRecommendationsRequest():
                response.recommendations.extend(_recommended(request.client_id))
        return response

    def _say(self, words: Any, request: Any, **said: Any) -> None:
        statement = words.Statement(
            statement_id=_id(request, "statement"),
            revisions=[words.Revision(revision=FIRST, recording=words.Recording(**said))],
        )
        self._said[service_of(request), request.client_id].append(statement)

    def _expand(
        self,
        request: attendance.ExpandTemplateRequest,
        response: attendance.ExpandTemplateResponse,
    ) -> None:
        template = self._templates[request.template_id]
        zone = ZoneInfo(self._zones[template.site_id])
        day, last = date_of(request, "from"), date_of(request, "to")
        while day <= last:
            for session in template.sessions:
                if session.weekday != day.isoweekday():
                    continue
                starts = time(*divmod(session.starts_minute, 60))
                starts_at = datetime.combine(day, starts, tzinfo=zone).astimezone(UTC)
                response.sessions.add(
                    session_id=_id(request, f"{day} {session.starts_minute}"),
                    service_date=to_date(day),
                    starts_at=to_timestamp(starts_at),
                    ends_at=to_timestamp(starts_at + timedelta(minutes=session.minutes)),
                )
            day += timedelta(days=1)

    def _issue(
        self, request: billing.IssueClaimsRequest, response: billing.IssueClaimsResponse
    ) -> None:
        self._claims += [
            billing.Claim(
                state="CLAIM_STATE_ISSUED",
                claim_id=_id(request, client_id),
                client_id=client_id,
                payer_id=request.payer_id,
                batch_id=response.batch_id,
                frequency="1",
            )
            for client_id in self._covered[request.payer_id]
        ]
        response.batch_ids.append(response.batch_id)

    def _proposed(self, request: billing.ListProposalsRequest) -> list[events.CorrectionProposed]:
        asked = [
            claim
            for claim in self._claims
            if claim.payer_id == request.payer_id or claim.client_id == request.client_id
        ]
        return [
            events.CorrectionProposed(
                claim_id=claim.claim_id,
                client_id=claim.client_id,
                payer_id=claim.payer_id,
                action="CORRECTION_ACTION_VOID",
                state="PROPOSAL_STATE_READY",
                revision=1,
            )
            for claim in asked[-1:]
        ]


def _recommended(client_id: str) -> list[plans.Recommendation]:
    """Whatever a story accepts: of the last week of its block."""
    return [
        plans.Recommendation(
            recommendation_id=str(uuid5(UUID(client_id), f"block {block} {key}")),
            week_start=to_date(days.day_of(days.weeks_of(block)[-1])),
            kind=kind,
        )
        for block, decided in DECIDED.items()
        for key, kind, _ in decided
    ]


def _id(request: Any, name: str) -> str:
    """Of what a command made."""
    return str(uuid5(UUID(request.meta.command_id), name))
