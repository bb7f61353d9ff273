"""CareService: what plans was told of a client's plans and care, and the rules of levels."""

from datetime import datetime

from ninehours.plans.v1 import care_service_pb2 as pb
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, timestamp_of
from kernel.store.store import Store
from services.plans.adapters import care, told
from services.plans.adapters.level_rules import level_rules_message
from services.plans.app.treatment_plans import GoalInWords, ProblemInWords

SERVICE = pb.DESCRIPTOR.services_by_name["CareService"]
FACT = ("fact",)

to_plan = writer(
    pb.RecordedPlan,
    told.ToldPlan,
    through=FACT,
    plan_version=named("fact.version"),
    superseded_by=lambda found: found.superseded and found.superseded.by,
    in_force_from=lambda found: found.activated and found.activated.in_force_from,
    goals=writer(plans.Goal, GoalInWords),
    problems=writer(plans.Problem, ProblemInWords),
    signatures=writer(
        pb.PlanSignature, told.ToldSignature, through=FACT, signer_role=named("fact.role")
    ),
    refusals=writer(pb.PlanRefusal, told.ToldRefusal, through=FACT, signer_role=named("fact.role")),
    certifications=writer(pb.PlanCertification, told.ToldCertification, through=FACT),
    reviews=writer(pb.PlanReview, told.ToldReview, through=FACT),
)
to_care = writer(
    pb.ReadCareResponse,
    told.ToldCare,
    given=("client_id",),
    levels=writer(pb.RecordedLevel, told.ToldLevel, through=FACT),
    decisions=writer(
        pb.RecordedDecision,
        told.ToldDecision,
        through=(*FACT, "words"),
        revision=named("fact.revision"),
        statement_revision=named("revision"),
        reason=named("words.text"),
    ),
    completions=writer(pb.RecordedCompletion, told.ToldCompletion, through=FACT),
    discharges=writer(
        pb.RecordedDischarge,
        told.ToldDischarge,
        through=(*FACT, "words"),
        open_safety_reason=named("words.text"),
    ),
    aftercare=writer(pb.RecordedAftercare, told.ToldAftercare, through=FACT),
    follow_ups=writer(pb.RecordedFollowUp, told.ToldFollowUp, through=FACT),
)
to_level_rules = writer(
    pb.RecordedLevelRules,
    told.ToldLevelRules,
    through=FACT,
    rules=level_rules_message,
    confirmed=writer(pb.LevelRulesConfirmation, told.ToldRulesConfirmation),
)


class CareServicer:
    """Answers CareService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ReadPlans(self, request: pb.ReadPlansRequest, call: Call) -> pb.ReadPlansResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            found = care.plans(tx, client_id, call.actor.sites, until)
        return pb.ReadPlansResponse(plans=map(to_plan, found), client_id=client_id)

    def ReadCare(self, request: pb.ReadCareRequest, call: Call) -> pb.ReadCareResponse:
        client_id, until = _asked(request)
        with self._store.transaction() as tx:
            found = care.care(tx, client_id, call.actor.sites, until)
        return to_care(found, client_id=client_id)

    def ReadScan(self, request: pb.ReadScanRequest, call: Call) -> pb.ReadScanResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            plan_id = str(read.uuid("plan_id"))
            version = read.integer("scan_version", low=1, high=10_000)
        with self._store.transaction() as tx:
            found = care.scan(tx, client_id, plan_id, version, call.actor.sites)
        return pb.ReadScanResponse(
            client_id=client_id, scan=found or b"", text_forgotten=found is None
        )

    def ListLevelRules(self, _: pb.ListLevelRulesRequest, __: Call) -> pb.ListLevelRulesResponse:
        with self._store.transaction() as tx:
            return pb.ListLevelRulesResponse(rules=map(to_level_rules, care.level_rules(tx)))


def _asked(request: pb.ReadPlansRequest | pb.ReadCareRequest) -> tuple[str, datetime | None]:
    """Of which client, as it was recorded by when."""
    with reading(request) as read:
        client_id = str(read.uuid("client_id"))
        until = read.optional(timestamp_of, "as_of")
    return client_id, until
