"""What the fixed services answer to why."""

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb
from ninehours.billing.v1 import rules_pb2 as rules
from ninehours.exchange.v1 import fact_service_pb2 as facts
from ninehours.plans.v1 import explanation_service_pb2 as levels
from ninehours.plans.v1 import plans_service_pb2 as plans

from tests.cli.fixed_answers import (
    ADA,
    AWAITED,
    BATCH,
    BEN,
    CLAIMS,
    HARBOR,
    HOURS,
    LAKESIDE,
    PRAIRIE,
    PROVIDER,
    at,
    numbered,
    on,
    since,
    usd,
)
from tests.cli.fixed_services import Answers

FACTS = [numbered(0xFAC7, number) for number in range(1, 9)]
ROW = numbered(0x60, 1)


def signed(number: int, kind: str, service: str, actor: str = "staff/ada") -> facts.ExplainedFact:
    return facts.ExplainedFact(
        id=FACTS[number],
        type=f"ninehours.{service}.v1.{kind}",
        topic=f"ninehours.{service}.v1",
        subject=f"client/{ADA}",
        sequence=number,
        signed_at=at(f"2026-03-0{9 - number}T09:30:00"),
        recorded_at=at("2026-03-09T09:30:00"),
        label="HIPAA",
        actor=actor,
        command_id=numbered(0xC0, number) if actor else "",
        correlation_id=numbered(0xC0, number),
    )


DERIVED = signed(5, "ServiceDayResolved", "billing", actor="")
DERIVED.derived.CopyFrom(
    facts.DerivedFrom(
        row_id=ROW,
        kind="day",
        revision=2,
        current=True,
        facts=[FACTS[1], FACTS[7]],
        rules="1",
        code="9",
    )
)


def explained(request: facts.ExplainFactsRequest) -> facts.ExplainFactsResponse:
    """Those that are asked for, whoever is asked."""
    known = [
        signed(0, "RuleSetConfirmed", "billing"),
        signed(1, "SessionAttended", "attendance"),
        signed(2, "AuthorizationRecorded", "billing"),
        signed(3, "ClaimIssued", "billing"),
        signed(4, "SessionNoteSigned", "attendance"),
        signed(6, "LevelOfCareChanged", "plans"),
        DERIVED,
    ]
    found = [fact for fact in known if {fact.id, fact.derived.row_id} & {*request.ids}]
    return facts.ExplainFactsResponse(facts=found)


AUTHORIZATION = pb.ExplainedAuthorization(
    authorization_id="AUTH 7",
    fact_id=FACTS[2],
    unit=rules.AUTHORIZATION_UNIT_DAYS,
    units=12,
    taken=1,
    issued=4,
    allocated=3,
    effective_from=on("2026-03-01"),
    effective_to=on("2026-03-31"),
)
NOTE = pb.ExplainedVerdict(
    gate="NOTE",
    asks="is every note signed",
    verdict=pb.GATE_VERDICT_HOLD,
    reason="NOTE_UNSIGNED",
    says="a session's note is not signed",
    clauses=[pb.Clause(field="late_signature", value="HOLD"), pb.Clause(field="hours", value="9")],
    facts=[
        pb.Evidence(fact_id=FACTS[1], says="180 minutes"),
        pb.Evidence(fact_id=FACTS[4], says="a note"),
    ],
    releases=[
        pb.Release(
            says="signs the note",
            rpc="ninehours.attendance.v1.AttendanceService/SignNote",
            roles=["clinician", "front_desk", "else"],
            person="staff/ada",
        ),
        pb.Release(says="records one", rpc="x/RecordIt", roles=["biller"], alternative=True),
    ],
)
PASSED = pb.ExplainedVerdict(
    gate="SESSION", asks="was there a session", verdict=pb.GATE_VERDICT_PASS
)
LATE = pb.ExplainedVerdict(
    gate="FILING",
    asks="is it in time",
    verdict=pb.GATE_VERDICT_REFUSE,
    reason="TOO_LATE",
    says="the filing limit is past",
    releases=[pb.Release(says="nobody may")],
)
DAY = pb.ExplainedDay(
    client_id=ADA,
    service_date=on("2026-03-02"),
    outcome=events.OUTCOME_HOLD,
    payer_id=PRAIRIE,
    site_id=LAKESIDE,
    minutes=180,
    clinical_level="2.1",
    billed_level="2.1",
    rules=pb.RuleReference(
        payer_id=PRAIRIE, version=1, effective_from=on("2026-01-01"), fact_id=FACTS[0]
    ),
    verdicts=[PASSED, NOTE],
    lines=HOURS,
    authorization=AUTHORIZATION,
    claims=[
        pb.CarryingClaim(claim_id=CLAIMS[0], frequency="1"),
        pb.CarryingClaim(claim_id=CLAIMS[1], frequency="7", stands=True),
    ],
    row_id=ROW,
    revisions=[
        pb.DayRevision(revision=1, outcome=events.OUTCOME_PER_DIEM, facts_added=[FACTS[1]]),
        pb.DayRevision(
            revision=2,
            fact_id=FACTS[5],
            withdrawn=True,
            changes=[pb.Change(field="minutes", was="180", now="30")],
            facts_removed=[FACTS[4]],
        ),
    ],
    stale=True,
)
FALLEN = pb.ExplainedDay(
    service_date=on("2026-03-04"), outcome=events.OUTCOME_NOT_BILLABLE, verdicts=[PASSED, LATE]
)
ISSUED_DAY = pb.ExplainedDay(
    service_date=on("2026-03-02"), outcome=events.OUTCOME_PER_DIEM, verdicts=[PASSED], minutes=180
)
HOURS_OF_DAY = [
    events.ClaimLine(
        service_date=on("2026-03-02"), code="H0015", modifiers=["HF"], units=1, charge=usd(30_000)
    )
]
CLAIM = pb.ExplainedClaim(
    claim_id=CLAIMS[1],
    state=billing.CLAIM_STATE_ISSUED,
    client_id=ADA,
    payer_id=PRAIRIE,
    provider_id=PROVIDER,
    site_id=LAKESIDE,
    period_start=on("2026-03-02"),
    period_end=on("2026-03-08"),
    claim_form=rules.CLAIM_FORM_PROFESSIONAL,
    frequency="7",
    charge=usd(30_000),
    diagnoses=["F10.20", "F32.1"],
    lines=HOURS_OF_DAY,
    days=[ISSUED_DAY, FALLEN],
    changed_days=[DAY],
    authorization=AUTHORIZATION,
    issued=pb.IssuedBy(
        fact_id=FACTS[3],
        issued_at=at("2026-03-09T09:30:00"),
        actor="person/biller",
        batch_id=BATCH,
        control_number=7,
        basis="CONSENT",
        consent_id=numbered(0xC5, 1),
        disclosed_fact_id=FACTS[6],
    ),
    corrects_claim_id=CLAIMS[0],
    followed_by_claim_id=CLAIMS[2],
    followed_fact_id=FACTS[3],
    answer=pb.PayersAnswer(
        fact_id=FACTS[3],
        status=events.ADJUDICATION_STATUS_PAID,
        paid=usd(28_050),
        payer_control_number="P1",
        adjudicated_on=on("2026-04-01"),
    ),
    proposal=pb.ExplainedProposal(
        row_id=ROW,
        action=rules.CORRECTION_ACTION_VOID,
        state=events.PROPOSAL_STATE_READY,
        issued_charge=usd(30_000),
        changed_dates=[on("2026-03-02")],
        waits_for=AWAITED[:2],
    ),
)
DRAFT = pb.ExplainedClaim(
    claim_id=CLAIMS[3],
    state=billing.CLAIM_STATE_DRAFTED,
    claim_form=rules.CLAIM_FORM_INSTITUTIONAL,
    period_start=on("2026-03-02"),
    period_end=on("2026-03-08"),
    frequency="1",
    days=[ISSUED_DAY],
)
RECOMMENDATION = numbered(0x4EC, 1)
LEVELS = levels.ExplainLevelOfCareResponse(
    client_id=ADA,
    episodes=[
        levels.ExplainedEpisode(
            episode_id=numbered(0xE915, 1),
            admitted_on=on("2026-01-05"),
            segments=[
                levels.ExplainedSegment(
                    level_of_care="2.1",
                    to=on("2026-01-18"),
                    fact_id=FACTS[1],
                    **since("2026-01-05"),
                ),
                levels.ExplainedSegment(
                    level_of_care="2.5",
                    fact_id=FACTS[6],
                    changed_by="staff/ada",
                    recommendation_id=RECOMMENDATION,
                    **since("2026-01-19"),
                ),
            ],
            recommendations=[
                levels.ExplainedRecommendation(
                    recommendation_id=RECOMMENDATION,
                    week_start=on("2026-01-12"),
                    kind=plans.RECOMMENDATION_KIND_STEP_UP,
                    reasons=["words that nobody shows"],
                    checks=[
                        plans.ThresholdCheck(
                            measure=plans.LEVEL_MEASURE_PHQ9,
                            earlier_value=12,
                            value=20,
                            comparison=plans.THRESHOLD_COMPARISON_ROSE_BY,
                            threshold=6,
                            holds=True,
                        )
                    ],
                    clauses=[levels.RuleClause(field="step_up", value="1")],
                    rules_version=3,
                    rules_fact_id=FACTS[0],
                    facts=[
                        levels.RecommendationEvidence(fact_id=FACTS[number], says="a fact")
                        for number in (0, 1, 6, 7)
                    ],
                    decision=levels.RecommendationDecision(
                        fact_id=FACTS[6],
                        outcome="ACCEPTED",
                        decided_by="staff/ada",
                        decided_at=at("2026-01-19T09:30:00"),
                        reasoned=True,
                    ),
                ),
                levels.ExplainedRecommendation(
                    week_start=on("2026-01-05"),
                    kind=plans.RECOMMENDATION_KIND_CONTINUE,
                    decision=levels.RecommendationDecision(outcome="DECLINED"),
                ),
                levels.ExplainedRecommendation(
                    recommendation_id=numbered(0x4EC, 3), week_start=on("2026-01-26")
                ),
            ],
        )
    ],
    stale=True,
    scores_withheld=True,
)
WHY: Answers = {
    "ExplainClaim": lambda request: pb.ExplainClaimResponse(
        claim=DRAFT if request.claim_id == DRAFT.claim_id else CLAIM
    ),
    "ExplainDay": pb.ExplainDayResponse(day=DAY),
    "ExplainLevelOfCare": LEVELS,
    "ExplainFacts": explained,
}
STANDINGS = pb.ListStandingResponse(
    standings=[
        pb.Standing(
            client_id=ADA,
            site_id=LAKESIDE,
            episode_id=numbered(0xE, 1),
            payer_id=PRAIRIE,
            obstacles=[
                pb.Obstacle(
                    on=on("2026-03-04"),
                    gate="DIAGNOSIS",
                    reason="NO_DIAGNOSIS",
                    says="no principal diagnosis was in effect",
                    releases=NOTE.releases,
                ),
                pb.Obstacle(
                    on=on("2026-03-18"),
                    gate="RESTRICTION",
                    reason="RESTRICTED_BY_CLIENT",
                    says="the client keeps it from this payer",
                    final=True,
                    releases=LATE.releases,
                ),
            ],
        ),
        pb.Standing(client_id=BEN, site_id=HARBOR, episode_id=numbered(0xE, 2), payer_id=PRAIRIE),
        pb.Standing(
            client_id=BEN,
            obstacles=[pb.Obstacle(on=on("2026-03-04"), says="no admission was heard of")],
        ),
    ]
)
