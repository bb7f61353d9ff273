"""IntakeService: from a client registered to the client admitted, and what is assessed on the way.

Each command is a row; what is answered beside its receipt stands above. It decides nothing.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.refusal import NotAllowed
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, NOW, Accepted, CommandRpcs, command_rpc, new_id
from kernel.rpc.pages import page_token
from kernel.rpc.translate import reading, required_uuid
from services.intake.adapters import sealed
from services.intake.adapters.permits import Permit, permits_before
from services.intake.adapters.recognition import possible_doubles
from services.intake.adapters.safety_tasks import SafetyTask, safety_tasks
from services.intake.api import requests
from services.intake.app import (
    assessments,
    disclosure,
    forgetting,
    membership,
    merging,
    person,
    recognition,
    use_cases,
)
from services.intake.app.deciding import Intake
from services.intake.app.disclosure import DisclosedIdentity, WithheldIdentity
from services.intake.app.membership import AddNumberedCoverage
from services.intake.app.person import PersonChange, Registration
from services.intake.app.use_cases import AdmissionRequest
from services.intake.domain.assessment import CompleteAssessment
from services.intake.domain.consent import RestrictDisclosure, RevokeConsent
from services.intake.domain.screening import ScreenClient

SERVICE = pb.DESCRIPTOR.services_by_name["IntakeService"]
SETTLES = "administrator"
ASSESSED = ("score", "band", "partial", "safety_flag", "subscales", "incomplete")

to_earlier_permit = writer(pb.EarlierPermit, Permit)
to_task = writer(pb.SafetyTask, SafetyTask)
to_covered = writer(
    pb.CoveredIdentity,
    DisclosedIdentity,
    given=("member_number", "group_number", "coverages", "earlier_numbers"),
    other_ends=lambda answer: [
        pb.LogEnd(client_id=client_id, sequence=end.sequence, fact_id=end.fact_id)
        for client_id, end in answer.other_ends
    ],
    identity=lambda answer: sealed.identity_of(answer.identity),
    permit_sequence=named("end.sequence"),
    permit_fact_id=named("end.fact_id"),
    program_ids=named("programs"),
)
to_withheld = writer(pb.Withheld, WithheldIdentity)


def _doubles(
    accepted: Accepted[Intake, Registration | PersonChange | AddNumberedCoverage],
) -> Mapping[str, Any]:
    client_id, sites = accepted.command.client_id, accepted.context.sites
    with accepted.write_side.executor.store.transaction() as tx:
        return {"possible_doubles": possible_doubles(tx, client_id, sites)}


def _eligible(screening: Accepted[Intake, ScreenClient]) -> Mapping[str, Any]:
    reasons = screening.command.screening.reasons_to_decline()
    return {"eligible": not reasons, "reasons": reasons}


def _previous(admission: Accepted[Intake, AdmissionRequest]) -> Mapping[str, Any]:
    admitted = use_cases.admission_of(admission.outcome)
    return {"previous_episode_id": admitted.previous_episode_id or ""}


def _permitted(ending: Accepted[Intake, RevokeConsent]) -> Mapping[str, Any]:
    command = ending.command
    payer_id = disclosure.recipient_of(ending.write_side, command.client_id, command.consent_id)
    return _permitted_to(payer_id, ending)


def _permitted_to_payer(restricting: Accepted[Intake, RestrictDisclosure]) -> Mapping[str, Any]:
    return _permitted_to(restricting.command.payer_id, restricting)


def _permitted_to(
    payer_id: str, accepted: Accepted[Intake, RevokeConsent | RestrictDisclosure]
) -> Mapping[str, Any]:
    """What was permitted before the fact that the command published."""
    client_id, published = accepted.command.client_id, accepted.outcome.published
    with accepted.write_side.executor.store.transaction() as tx:
        permits = permits_before(tx, client_id, payer_id, published)
    return {"earlier_permits": map(to_earlier_permit, permits)}


def _assessed(assessing: Accepted[Intake, CompleteAssessment]) -> Mapping[str, Any]:
    completed = assessments.assessment_of(assessing.outcome)
    opened = assessments.task_of(assessing.outcome)
    return {name: getattr(completed, name) for name in ASSESSED} | {"safety_task_id": opened or ""}


class IntakeServicer(CommandRpcs[Intake]):
    """Who a client is, what payers are asked to pay by, who may know, and what was assessed."""

    RegisterClient = command_rpc(
        requests.to_registration,
        person.register_client,
        _doubles,
        client_id=new_id("client"),
        now=NOW,
    )
    ChangePerson = command_rpc(requests.to_change_person, person.change_person, _doubles, now=NOW)
    JudgeDoubles = command_rpc(requests.to_judge_doubles, recognition.judge_doubles)
    UnmergeClients = command_rpc(requests.to_unmerge_clients, merging.unmerge_clients)
    ScreenClient = command_rpc(requests.to_screen_client, use_cases.on_client, _eligible)
    RecordDiagnosis = command_rpc(requests.to_record_diagnosis, use_cases.on_client)
    EndDiagnosis = command_rpc(requests.to_end_diagnosis, use_cases.on_client)
    AdmitClient = command_rpc(
        requests.to_admission_request,
        use_cases.admit_client,
        _previous,
        episode_id=new_id("episode"),
    )
    TransferClient = command_rpc(requests.to_transfer, use_cases.transfer_client)

    AskToForget = command_rpc(requests.to_ask_to_forget, forgetting.forget, asked_by=ACTOR, now=NOW)
    AgreeToForget = command_rpc(
        requests.to_agree_to_forget, forgetting.forget, agreed_by=ACTOR, now=NOW
    )
    WithdrawForgetting = command_rpc(
        requests.to_withdraw_forgetting, forgetting.withdraw, withdrawn_by=ACTOR
    )

    GiveConsent = command_rpc(
        requests.to_give_consent, use_cases.give_consent, consent_id=new_id("consent")
    )
    RevokeConsent = command_rpc(requests.to_revoke_consent, use_cases.on_client, _permitted)
    RestrictDisclosure = command_rpc(
        requests.to_restrict_disclosure,
        use_cases.restrict_disclosure,
        _permitted_to_payer,
        restriction_id=new_id("restriction"),
    )

    AddCoverage = command_rpc(
        requests.to_add_coverage,
        membership.add_coverage,
        _doubles,
        coverage_id=new_id("coverage"),
    )
    VerifyCoverage = command_rpc(requests.to_verify_coverage, use_cases.on_client)
    EndCoverage = command_rpc(requests.to_end_coverage, use_cases.on_client)

    CompleteAssessment = command_rpc(
        requests.to_complete_assessment,
        assessments.complete_assessment,
        _assessed,
        assessment_id=new_id("assessment"),
        task_id=new_id("safety_task"),
        completed_by=ACTOR,
        completed_at=NOW,
    )
    CloseSafetyTask = command_rpc(
        requests.to_close_safety_task, assessments.close_safety_task, closed_by=ACTOR, closed_at=NOW
    )
    HandOnSafetyTask = command_rpc(requests.to_hand_on_safety_task, assessments.hand_on_safety_task)
    AssessAreas = command_rpc(
        requests.to_assess_areas,
        assessments.assess_areas,
        assessment_id=new_id("assessment"),
        assessed_by=ACTOR,
    )
    RateDimensions = command_rpc(
        requests.to_rate_dimensions,
        assessments.rate_dimensions,
        rating_id=new_id("rating"),
        rated_by=ACTOR,
    )

    def MergeClients(self, request: pb.MergeClientsRequest, call: Call) -> pb.MergeClientsResponse:
        if request.settled and SETTLES not in call.actor.roles:
            raise NotAllowed(
                "ROLE_NOT_ALLOWED", f"what differs of two clients takes an {SETTLES} to settle"
            )
        answer: pb.MergeClientsResponse = self._merge(request, call)
        return answer

    _merge = command_rpc(requests.to_merge_clients, merging.merge_clients)

    def ReadIdentities(
        self, request: pb.ReadIdentitiesRequest, call: Call
    ) -> pb.ReadIdentitiesResponse:
        asked = requests.to_identities_request(
            request,
            actor=call.actor.id,
            purpose=call.actor.purpose,
            now=call.now,
            correlation=call.correlation_id,
        )
        store = self.write_side.executor.store
        with store.supposing() if request.supposed else nullcontext():
            answers = disclosure.read_identities(self.write_side, asked)
        told = _unnamed if request.supposed else _covered
        return pb.ReadIdentitiesResponse(
            identities=[
                told(answer) for answer in answers if isinstance(answer, DisclosedIdentity)
            ],
            withheld=[
                to_withheld(answer) for answer in answers if isinstance(answer, WithheldIdentity)
            ],
        )

    def ListSafetyTasks(
        self, request: pb.ListSafetyTasksRequest, call: Call
    ) -> pb.ListSafetyTasksResponse:
        with reading(request) as read:
            client_id = read.optional(required_uuid, "client_id")
            most = read.value(requests.page_size, "page_size", requests.PAGE)
            after = read.optional(requests.safety_task_cursor, "page_token")
        with self.write_side.executor.store.transaction() as tx:
            tasks = safety_tasks(
                tx,
                sites=call.actor.sites,
                client_id=None if client_id is None else str(client_id),
                open_only=request.open_only,
                after=after,
                most=most,
            )
        return pb.ListSafetyTasksResponse(
            tasks=map(to_task, tasks),
            next_page_token=_token(tasks[-1]) if len(tasks) == most else "",
        )


def _token(task: SafetyTask) -> str:
    closed = f"{task.closed_at is not None:d}"
    return page_token(closed, task.due_at.isoformat(), task.task_id)


def _covered(answer: DisclosedIdentity) -> pb.CoveredIdentity:
    now, earlier = [], []
    for coverage_id, memberships in answer.memberships.items():
        *before, last = (
            _number(coverage_id, version, membership)
            for version, membership in enumerate(memberships, start=1)
        )
        now.append(last)
        earlier += before
    [named] = [number for number in now if number.coverage_id == answer.coverage_id]
    return to_covered(
        answer,
        member_number=named.member_number,
        group_number=named.group_number,
        coverages=now,
        earlier_numbers=earlier,
    )


def _unnamed(answer: DisclosedIdentity) -> pb.CoveredIdentity:
    """What a dry run is told: neither words nor numbers. The permit that it names never stands."""
    covered = _covered(answer)
    for field in ("identity", "member_number", "group_number", "earlier_numbers"):
        covered.ClearField(field)
    for number in covered.coverages:
        number.ClearField("member_number")
        number.ClearField("group_number")
    return covered


def _number(coverage_id: str, version: int, membership: bytes) -> pb.MemberNumber:
    member_number, group_number = sealed.membership_of(membership)
    return pb.MemberNumber(
        coverage_id=coverage_id,
        member_number=member_number,
        group_number=group_number,
        version=version,
    )
