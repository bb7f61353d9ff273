"""Answers that nobody gave, for a rehearsal: as many and as much as later commands need."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.endings import DECIDED

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class MadeUp:
    """Ids come from the command's; sessions from templates; a claim from each week somebody came.

    Of each payer's claims one is to be corrected.

    Claims are guesses: the live system knows better what is billable. So a live play has about as
    many commands as a rehearsal, not exactly as many.
    """

    _zones: dict[str, str] = field(default_factory=dict)
    _templates: dict[str, attendance.DefineTemplateRequest] = field(default_factory=dict)
    _dates: dict[str, date] = field(default_factory=dict)
    _payers: dict[str, str] = field(default_factory=dict)
    _came: defaultdict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    _claims: list[billing.Claim] = field(default_factory=list)

    def to_command(self, request: Message, command: UUID) -> Any:
        """The response's message, every id in it derived from the command's."""
        response = _response_to(request)
        for each in response.DESCRIPTOR.fields:
            if each.name.endswith("_id"):
                setattr(response, each.name, str(uuid5(command, each.name)))
        match request:
            case attendance.OpenSiteRequest():
                self._zones[response.site_id] = request.time_zone
            case attendance.DefineTemplateRequest():
                self._templates[response.template_id] = request
            case attendance.ExpandTemplateRequest():
                self._expand(request, command, response)
            case attendance.CheckInRosterRequest():
                for arrival in request.arrivals:
                    self._came[arrival.client_id].add(self._dates[request.session_id])
            case intake.AddCoverageRequest():
                self._payers[request.client_id] = request.payer_id
            case billing.IssueClaimsRequest():
                self._issue(request, response)
        return response

    def to_question(self, request: Message) -> Any:
        """What is asked between commands: claims, and what is recommended."""
        match request:
            case billing.ListClaimsRequest():
                wanted = [c for c in self._claims if request.frequency in ("", c.frequency)]
                return billing.ListClaimsResponse(claims=wanted)
            case billing.ListProposalsRequest():
                return billing.ListProposalsResponse(proposals=self._proposed(request.payer_id))
            case plans.ListRecommendationsRequest():
                return plans.ListRecommendationsResponse(
                    recommendations=_recommendations(request.client_id)
                )
        raise LookupError(f"nobody rehearsed {request.DESCRIPTOR.name}")

    def _proposed(self, payer_id: str) -> list[events.CorrectionProposed]:
        corrected = [claim for claim in self._claims if claim.payer_id == payer_id][-1:]
        return [
            events.CorrectionProposed(
                claim_id=claim.claim_id,
                client_id=claim.client_id,
                payer_id=payer_id,
                action="CORRECTION_ACTION_VOID",
                state="PROPOSAL_STATE_READY",
                revision=1,
            )
            for claim in corrected
        ]

    def _expand(
        self,
        request: attendance.ExpandTemplateRequest,
        command: UUID,
        response: attendance.ExpandTemplateResponse,
    ) -> None:
        template = self._templates[request.template_id]
        zone = ZoneInfo(self._zones[template.site_id])
        day, last = _date(getattr(request, "from")), _date(request.to)
        while day <= last:
            for each in template.sessions:
                if each.weekday != day.isoweekday():
                    continue
                hour, minute = divmod(each.starts_minute, 60)
                starts_at = datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)
                session_id = str(uuid5(command, f"{day} {each.starts_minute}"))
                self._dates[session_id] = day
                response.sessions.add(
                    session_id=session_id,
                    service_date=to_date(day),
                    starts_at=to_timestamp(starts_at),
                    ends_at=to_timestamp(starts_at + each.minutes * MINUTE),
                )
            day += timedelta(days=1)

    def _issue(
        self, request: billing.IssueClaimsRequest, response: billing.IssueClaimsResponse
    ) -> None:
        """One a client and week that ended, and is on no claim."""
        through = _date(request.through)
        issued = {(claim.client_id, _date(claim.period_start)) for claim in self._claims}
        for client_id, payer_id in self._payers.items():
            came = self._came[client_id] if payer_id == request.payer_id else set()
            mondays = {day - timedelta(days=day.weekday()) for day in came if day <= through}
            self._claims += [
                billing.Claim(
                    state="CLAIM_STATE_ISSUED",
                    claim_id=str(uuid5(UUID(response.batch_id), f"{client_id} {monday}")),
                    client_id=client_id,
                    payer_id=payer_id,
                    period_start=to_date(monday),
                    period_end=to_date(monday + WEEK - timedelta(days=1)),
                    batch_id=response.batch_id,
                    frequency="1",
                )
                for monday in sorted(mondays)
                if (client_id, monday) not in issued
            ]
        response.batch_ids.append(response.batch_id)


def _response_to(request: Message) -> Any:
    name = request.DESCRIPTOR.full_name.removesuffix("Request") + "Response"
    return GetMessageClass(Default().FindMessageTypeByName(name))()


def _recommendations(client_id: str) -> list[plans.Recommendation]:
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


def _date(on: Any) -> date:
    return date(on.year, on.month, on.day)
