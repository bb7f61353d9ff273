"""Each service with a real object of every kind at two sites, A and B."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import statements_service_pb2 as said
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import deadlines_service_pb2 as deadlines
from ninehours.billing.v1 import statements_service_pb2 as billing_statements
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import fact_service_pb2 as facts
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.intake.v1 import search_service_pb2 as search
from ninehours.plans.v1 import courses_service_pb2 as courses
from ninehours.plans.v1 import explanation_service_pb2 as explanation
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from kernel.store.statements import text
from kernel.store.store import Store
from operations.serving import FACTS, FactServicer
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.billing.adapters.as_of import SqlDeadlines
from services.billing.api.deadlines import SERVICE as DEADLINES
from services.billing.api.deadlines import DeadlinesServicer
from services.billing.api.servicer import SERVICE as CLAIMS
from services.billing.api.statements import SERVICE as STATEMENTS
from services.billing.api.work import SERVICE as WORK
from services.billing.domain.payers.rules import LateSignature
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at, weekly
from tests.harness.billing.facts import COVERAGE, Story
from tests.harness.billing.facts import SITE as A
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.intake.service import SURNAME, Desk
from tests.harness.plans.service import NOW, Log, Plans, in_force
from tests.harness.plans.treatments import Treated, confirm, recommended

B = "51000000-0000-4000-8000-00000000000b"
NewStore = Callable[[Any], Store]
Counted = Callable[[Any], int]


@dataclass
class World:
    """`pairs`: kind → the ids of the object at A and of the one at B.

    `shown`: request of an RPC bound to what is the token's own → how many things of B an answer
    holds; those that change anything stand last.
    """

    name: str
    store: Store
    servicers: Mapping[Any, Any]
    now: Any
    pairs: dict[str, tuple[str, str]]
    shown: list[tuple[Message, Counted]] = field(default_factory=list)
    role: str = "clinician"
    purpose: str = "TREATMENT"


def holding(*texts: str) -> Counted:
    """How many of these an answer holds, wherever it does."""
    return lambda answer: sum(shown in str(answer) for shown in texts)


def facts_of(store: Store, subject: str) -> tuple[Message, Counted]:
    """All public facts of the subject, asked for by their ids."""
    with store.transaction() as tx:
        rows = tx.connection.execute(
            text("SELECT id FROM published WHERE subject = :subject"), {"subject": subject}
        )
        ids = [str(row.id) for row in rows]
    assert ids
    return facts.ExplainFactsRequest(ids=ids), lambda answer: len(answer.facts)


def of_intake(new_store: NewStore) -> World:
    desk = Desk(new_store(INTAKE))
    here, there = desk.registered(site_id=A), desk.registered(site_id=B)
    tasks, statements = [], []
    for client_id, site_id in ((here, A), (there, B)):
        desk.admitted(client_id, site_id=site_id)
        tasks.append(desk.scored(client_id).safety_task_id)
        [scored] = desk.rows(
            f"SELECT id FROM fact WHERE body->>'client_id' = '{client_id}'"
            " AND type = 'intake.assessment_completed.v1'"
        )
        statements.append(str(scored.id))
    on = to_date(desk.now.date() + timedelta(days=2))
    kind = INTAKE.kinds()["client"]
    return World(
        "intake",
        desk.store,
        {**desk.servicers, FACTS: FactServicer(desk.store, kind)},
        desk.now,
        {"client": (here, there), "site": (A, B), "statement": (statements[0], statements[1])},
        [
            (intake.ListSafetyTasksRequest(), holding(tasks[1])),
            (clients.ListClientsRequest(), holding(there)),
            (search.FindClientsRequest(text=SURNAME), holding(there)),
            (
                search.LookForDoublesRequest(
                    family_name=SURNAME, birth_date=common.Date(year=1984, month=2, day=29)
                ),
                holding(there),
            ),
            (clients.ReadClientRequest(client_id=there), holding(B)),
            (clients.ListDueRequest(on=on), holding(tasks[1])),
            facts_of(desk.store, f"client/{there}"),
        ],
    )


def of_plans(new_store: NewStore) -> World:
    desk = Plans(new_store(PLANS))
    confirm(desk)
    log, treated = Log(), [Treated(Log(), site_id=A), Treated(Log(), site_id=B)]
    made: dict[str, list[str]] = {"plan": [], "recommendation": []}
    for client in treated:
        client.log, desk.now = log, NOW
        made["plan"].append(in_force(desk, client.client_id, client.episode_id))
        desk.hear([client.admitted(), client.score(18, 0), client.score(12, 4), *client.weeks(1)])
        [found] = recommended(desk, client.client_id)
        made["recommendation"].append(found.recommendation_id)
    drafted = "SELECT id FROM fact WHERE type = 'plans.plan_drafted.v1' AND stream = :stream"
    said = [str(desk.query(drafted, stream=f"plan/{plan_id}")[0].id) for plan_id in made["plan"]]
    here, there = treated
    march = common.Date(year=2026, month=3, day=7)
    seen = there.client_id
    of_client = {"client_id": seen}
    kind = PLANS.kinds()["client"]
    servicers: Any = desk.answers
    return World(
        "plans",
        desk.store,
        {**servicers, FACTS: FactServicer(desk.store, kind)},
        desk.now,
        {
            "client": (here.client_id, there.client_id),
            "episode": (here.episode_id, there.episode_id),
            "statement": (said[0], said[1]),
            "site": (A, B),
            **{kind: (ids[0], ids[1]) for kind, ids in made.items()},
        },
        [
            (plans.ListProgressRequest(**of_client), lambda answer: len(answer.weeks)),
            (plans.ListRecommendationsRequest(**of_client), holding(made["recommendation"][1])),
            (explanation.ExplainLevelOfCareRequest(**of_client), holding(there.episode_id)),
            (courses.ReadCourseRequest(**of_client), holding(there.episode_id)),
            (courses.ReadCensusRequest(on=march), holding(B)),
            (courses.ListDueRequest(on=march, ahead_days=365), holding(B)),
            (courses.ListToSignRequest(on=march), holding(B)),
            facts_of(desk.store, f"client/{seen}"),
        ],
    )


def of_attendance(new_store: NewStore) -> World:
    desk = FrontDesk(new_store(ATTENDANCE))
    log = Log()
    kinds = ("site", "client", "session", "template", "statement")
    pairs: dict[str, list[str]] = {kind: [] for kind in kinds}
    for _ in range(2):
        desk.open()
        desk.staff_id = desk.clinician()
        client = Treated(log, site_id=desk.site_id)
        desk.inbox.hear([client.registered(), client.admitted()])
        pairs["template"].append(desk.template(weekly(1, 9)))
        of_template = {"of": f"template/{pairs['template'][-1]}"}
        [defined] = desk.rows("SELECT id FROM fact WHERE stream = :of", **of_template)
        pairs["statement"].append(str(defined.id))
        pairs["site"].append(desk.site_id)
        pairs["client"].append(client.client_id)
        scheduled = desk.ask(desk.scheduling([client.client_id]))
        pairs["session"].append(scheduled.session_id)
    desk.now = MONDAY
    there, seen = pairs["site"][1], pairs["session"][1]
    came = {"session_id": seen, "client_id": pairs["client"][1]}
    desk.ask(attendance.CheckInRequest(**came, at=at(MONDAY)))
    late = to_date(desk.now.date() + timedelta(days=3))
    kind = ATTENDANCE.kinds()["client"]
    return World(
        "attendance",
        desk.store,
        {**desk.servicers, FACTS: FactServicer(desk.store, kind)},
        desk.now,
        {kind: (ids[0], ids[1]) for kind, ids in pairs.items()},
        [
            (calendar.ListSitesRequest(), holding(there)),
            (calendar.ListClientSessionsRequest(client_id=pairs["client"][1]), holding(seen)),
            (calendar.ListDueRequest(on=late), holding(seen)),
            (said.ListStatementsRequest(client_id=pairs["client"][1]), holding(seen)),
            facts_of(desk.store, f"client/{pairs['client'][1]}"),
        ],
    )


def of_billing(new_store: NewStore) -> World:
    office = Office(new_store(BILLING))
    here, there = "0c11e700-0000-4000-8000-00000000000a", "0c11e700-0000-4000-8000-00000000000b"
    rules: Any = {"filing_limit_days": 3650, "late_signature": LateSignature.ATTEST}
    office.set_up(A, [here, there], **rules)
    office.enroll(B)
    log = Log()
    issued: dict[str, list[str]] = {"claim": [], "batch": []}
    stories = Story(log), Story(log, B)
    for client_id, story in zip((here, there), stories, strict=True):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
        office.identities.cover(office.payer_id, covered(client_id, COVERAGE))
        [batch_id] = office.issue(day(-20), command=f"{client_id} first").batch_ids or ["none"]
        assert batch_id == "none"
    office.now += timedelta(days=40)
    through = office.now.date()
    for site_id, client_id in ((A, here), (B, there)):
        office.sites = frozenset({site_id})
        [batch_id] = office.issue(through, command=f"issue at {site_id}").batch_ids
        issued["batch"].append(batch_id)
        office.sites = frozenset({"*"})
        issued["claim"].append(office.claims(client_id)[0].claim_id)
    # Something to correct, to wait for, and to issue next.
    office.adjudicate(issued["claim"][1])
    office.hear(stories[1].corrected(there, day(0), 1, 0))
    office.hear(stories[1].attended(there, [day(7), day(9)]))
    office.hear(stories[1].attended(there, [day(70), day(72)]))
    office.hear(stories[1].unsigned(there, day(72)))
    office.hear(stories[1].late(there, day(70)))
    recorded = "SELECT id FROM fact WHERE type = 'billing.authorization_recorded.v1'"
    said = [
        str(office.query(f"{recorded} AND body->>'client_id' = :client", client=client_id)[0].id)
        for client_id in (here, there)
    ]
    on = to_date(date(2036, 1, 1))
    kind = BILLING.kinds()["client"]
    return World(
        "billing",
        office.store,
        {
            CLAIMS: office.answers,
            STATEMENTS: office.statements,
            WORK: office.work,
            DEADLINES: DeadlinesServicer(office.store, SqlDeadlines()),
            FACTS: FactServicer(office.store, kind),
        },
        office.now,
        {
            "client": (here, there),
            "account": (here, there),
            "statement": (said[0], said[1]),
            "site": (A, B),
            "thing": (A, B),
            **{kind: (ids[0], ids[1]) for kind, ids in issued.items()},
        },
        [
            (billing.ListServiceDaysRequest(), holding(there)),
            (billing.ListClaimsRequest(), holding(there)),
            (billing.ListProposalsRequest(), holding(there)),
            (work.ListHoldsRequest(), holding(there)),
            (work.ListDaysAwaitingNotesRequest(), holding(there)),
            (work.ListNotesToAttestRequest(), holding(there)),
            (work.ListWorkRequest(), holding(there)),
            (deadlines.ListDueRequest(on=on, ahead_days=365), holding(there)),
            facts_of(office.store, f"client/{there}"),
            (billing_statements.ListStatementsRequest(about=B), holding(B)),
            (
                billing.IssueClaimsRequest(payer_id=office.payer_id, through=to_date(through)),
                lambda answer: answer.claims + len(answer.left_out),
            ),
        ],
        role="biller",
        purpose="PAYMENT",
    )


WORLDS = {
    "intake": of_intake,
    "plans": of_plans,
    "attendance": of_attendance,
    "billing": of_billing,
}


def rpcs_of(service: str, descriptors: Mapping[str, Any]) -> list[MethodDescriptor]:
    """Those a service answers: its own, and what every service answers."""
    packages = (f"ninehours.{service}.v1.", "ninehours.exchange.v1.")
    return [
        method
        for name, descriptor in sorted(descriptors.items())
        if name.startswith(packages)
        for method in descriptor.methods
    ]
