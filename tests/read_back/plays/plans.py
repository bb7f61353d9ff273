"""Everything that plans can be told, and then all that it is asked."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as revisions
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as pb
from ninehours.plans.v1 import statements_service_pb2 as said

from kernel.process import Service
from kernel.rpc.rpcs import rpc_of
from kernel.store.store import Store
from services.plans.__main__ import SERVICE
from tests.harness.plans.service import Log, Plans, march
from tests.harness.plans.statements import of_kind
from tests.harness.plans.treatments import COLLEAGUE, Treated, recommended, rules
from tests.plans.test_open_safety import opened
from tests.read_back.canaries import Canaries, Played

LATER = datetime(2026, 3, 28, 15, 0, tzinfo=UTC)


def april(day: int) -> common.Date:
    return common.Date(year=2026, month=4, day=day)


def play(new_store: Callable[[Service], Store]) -> Played:
    plans = Plans(new_store(SERVICE))
    played, fill = Played(), Canaries(date(2026, 5, 1))
    log = Log()
    ada, ben, cam = Treated(log), Treated(log), Treated(log)

    def command(kind: type[Message], **given: Any) -> Any:
        request = fill.filled(kind, **given)
        rpc = rpc_of(request).name
        return played.give(
            plans.store, request, lambda command_id: plans.call(rpc, request, command_id)
        )

    def question(request: Message) -> None:
        played.answers.append(plans.call(rpc_of(request).name, request))

    def of(client: Treated) -> dict[str, str]:
        return {"client_id": client.client_id, "episode_id": client.episode_id}

    def last(client: Treated, kind: str) -> revisions.StatementRevision:
        """The last one said of the kind, as it stands."""
        [*_, found] = of_kind(plans, client.client_id, kind)
        return revisions.StatementRevision(
            statement_id=found.statement_id, revision=found.revisions[-1].revision
        )

    def corrected(client: Treated, kind: str, request: type[Message], **given: Any) -> None:
        content = fill.filled(request, **given)
        command(
            said.CorrectStatementRequest,
            statement=last(client, kind),
            recording=said.Recording(**{kind: content}),
        )

    def content(**given: Any) -> dict[str, Any]:
        goal = fill.filled(
            pb.Goal, problem=1, objectives=[fill.filled(pb.Objective, metric="phq9")]
        )
        problem = fill.filled(pb.Problem, diagnosis_code="F12.20", dimension=5)
        work = fill.filled(pb.Intervention, times_per_week=3, minutes_each_time=181)
        return {"goals": [goal], "problems": [problem], "interventions": [work], **given}

    def drafted(client: Treated, **given: Any) -> str:
        return str(command(pb.DraftPlanRequest, **of(client), **content(**given)).plan_id)

    def sheet(**given: Any) -> dict[str, Any]:
        """What was signed on paper: scanned, or one that was scanned before."""
        said = {"scan": None, "scan_version": None, "scan_type": pb.SCAN_TYPE_PDF, **given}
        return {"paper": fill.filled(pb.PaperSignature, signed_by=plans.actor, **said)}

    def scanned(number: int) -> dict[str, Any]:
        return sheet(scan=b"%%PDF-1.7 canary %d" % number)

    def signed(plan_id: str, client_on: int, clinician_on: int, *papers: dict[str, Any]) -> None:
        clients, clinicians = papers or ({"paper": None}, {"paper": None})
        command(
            pb.SignPlanRequest,
            plan_id=plan_id,
            signer_role=pb.SIGNER_ROLE_CLIENT,
            signed_on=march(client_on),
            credential=None,
            **clients,
        )
        command(
            pb.SignPlanRequest,
            plan_id=plan_id,
            signer_role=pb.SIGNER_ROLE_CLINICIAN,
            signed_on=march(clinician_on),
            credential="LCSW",
            **clinicians,
        )

    thresholds = rules(
        complete_attended_percent=81,
        step_down_remission_below=4,
        relapse_points=6,
        step_up_consecutive_missed=5,
        step_down_objectives_met_percent=51,
        minimum_weeks=1,
        complete_weeks=2,
        sources=[
            pb.RuleSource(field=name, source=fill.text())
            for name in (
                "complete_attended_percent",
                "step_down_remission_below",
                "relapse_points",
            )
        ],
    )
    command(pb.ProposeLevelRulesRequest, rules=thresholds)
    clinician, plans.actor = plans.actor, COLLEAGUE
    command(pb.ConfirmLevelRulesRequest, version=1)
    plans.actor = clinician

    of_ada, of_ben, of_cam = (
        drafted(client, supersedes_plan_id=None) for client in (ada, ben, cam)
    )
    plans.now = LATER
    signed(of_ada, 3, 4)
    signed(of_ben, 3, 4)
    signed(of_cam, 3, 4, scanned(1), sheet(scan_version=1))
    clinicians = {"signer_role": pb.SIGNER_ROLE_CLINICIAN, "credential": "LCSW"}
    for paper in (scanned(2), sheet(scan_version=1)):
        said_anew = {"plan_id": of_cam, "signed_on": march(5), **clinicians, **paper}
        corrected(cam, "signature", pb.SignPlanRequest, **said_anew)
    refused = drafted(cam, supersedes_plan_id=of_cam)
    drafting = content(supersedes_plan_id=of_cam)
    corrected(cam, "draft", pb.DraftPlanRequest, **of(cam), **drafting)
    command(pb.RefusePlanRequest, plan_id=refused, refused_on=march(28))
    otherwise = {"reason": pb.REFUSAL_REASON_DISAGREES_WITH_GOALS, "refused_on": march(28)}
    corrected(cam, "refusal", pb.RefusePlanRequest, plan_id=refused, **otherwise)
    certified = {"plan_id": of_cam, "certified_on": march(6), "recertify_by": april(20)}
    command(pb.CertifyPlanRequest, **certified, **scanned(3))
    certified |= {"certified_on": march(22), "recertify_by": april(18)}
    command(pb.CertifyPlanRequest, **certified, **sheet(scan_version=3))
    certified |= {"certified_on": march(11), "recertify_by": april(19)}
    for paper in (scanned(4), sheet(scan_version=3)):
        corrected(cam, "certification", pb.CertifyPlanRequest, **certified, **paper)
    rated = [pb.ObjectiveRating(goal=1, objective=1, status=pb.OBJECTIVE_STATUS_MET)]
    for number, plan_id in enumerate((of_ada, of_ben)):
        command(pb.ReviewPlanRequest, plan_id=plan_id, ratings=rated, reviewed_on=march(7 + number))
    reviewed = {"ratings": rated, "reviewed_on": march(12)}
    corrected(ben, "review", pb.ReviewPlanRequest, plan_id=of_ben, **reviewed)
    for client, weeks in ((ada, 1), (ben, 2), (cam, 1)):
        plans.hear([client.admitted(), client.score(18, 0), client.score(2, 4)])
        plans.hear(client.weeks(weeks))
    command(pb.ChangeLevelOfCareRequest, **of(cam), level_of_care="3.7", effective_from=march(9))
    changed = {"level_of_care": "3.5", "effective_from": march(14)}
    corrected(cam, "level", pb.ChangeLevelOfCareRequest, **of(cam), **changed)
    plans.pending_work.drain()
    [step] = recommended(plans, ada.client_id)
    assert step.kind == pb.RECOMMENDATION_KIND_STEP_DOWN
    command(
        pb.DecideRecommendationRequest,
        client_id=ada.client_id,
        recommendation_id=step.recommendation_id,
        level_of_care="1",
        effective_from=march(10),
    )
    corrected(
        ada,
        "decision",
        pb.DecideRecommendationRequest,
        client_id=ada.client_id,
        recommendation_id=step.recommendation_id,
        level_of_care="0.5",
        effective_from=march(13),
    )
    of_week, *_ = recommended(plans, ben.client_id)
    command(
        pb.DecideRecommendationRequest,
        client_id=ben.client_id,
        recommendation_id=of_week.recommendation_id,
        accept=False,
        level_of_care=None,
        effective_from=None,
    )
    plans.pending_work.drain()
    command(pb.CompleteProgramRequest, **of(ben), completed_on=march(16))
    corrected(ben, "completion", pb.CompleteProgramRequest, **of(ben), completed_on=march(15))
    plans.hear([log.tell(opened(cam, "HIGH"))])
    command(pb.DischargeClientRequest, **of(cam), discharged_on=march(17))
    corrected(cam, "discharge", pb.DischargeClientRequest, **of(cam), discharged_on=march(19))
    command(pb.ArrangeAftercareRequest, **of(cam))
    corrected(cam, "aftercare", pb.ArrangeAftercareRequest, **of(cam))
    command(pb.RecordFollowUpRequest, **of(cam), contacted_on=march(21))
    corrected(cam, "follow_up", pb.RecordFollowUpRequest, **of(cam), contacted_on=march(20))
    command(said.VoidStatementRequest, statement=last(cam, "follow_up"))

    for version in (1, 2, 3, 4):
        whose = {"client_id": cam.client_id, "plan_id": of_cam}
        question(care.ReadScanRequest(**whose, scan_version=version))
    for client in (ada, ben, cam):
        question(said.ListStatementsRequest(client_id=client.client_id))
        question(care.ReadPlansRequest(client_id=client.client_id))
        question(care.ReadCareRequest(client_id=client.client_id))
    question(care.ListLevelRulesRequest())
    return played
