"""A front desk that calls intake's servicer as the server does, and looks into its tables."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.config import Settings
from kernel.messaging.inbox import Inbox
from kernel.messaging.owners import Confirm
from kernel.messaging.pending_work import PendingWork
from kernel.rpc.call import Call
from kernel.rpc.dry_run import answered
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.services import topic_of
from kernel.store.statements import text
from kernel.store.store import Store
from operations.verifying.examination import Examination
from services.intake.__main__ import SERVICE, servicers
from services.intake.adapters.checks import SERVICE_CHECKS
from services.intake.adapters.publication import publish
from services.intake.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.confirming import confirm_all
from tests.harness.intake.strategies import NOW, day
from tests.harness.plans.service import Log, credentialed
from tests.harness.signing import signatures_of

PAYER = "7a000000-0000-4000-8000-000000000001"
OTHER_PAYER = "7a000000-0000-4000-8000-000000000002"
STAFF = "staff/5a000000-0000-4000-8000-000000000001"
SITE = "51000000-0000-4000-8000-000000000001"
PROGRAM = "90000000-0000-4000-8000-000000000001"
OTHER_PROGRAM = "90000000-0000-4000-8000-000000000002"
MENTAL_HEALTH = "90000000-0000-4000-8000-000000000003"
PHQ9 = {1: 2, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 2, 8: 0, 9: 1, 10: 1}
SURNAME = "Wolfeschlegelstein"
NARRATIVE = "lost the pharmacy on Canary Row"
NOTE = "called the sister in Leadville"


class Desk:
    """The servicer, its store, and whoever calls."""

    def __init__(self, store: Store, **retention: int) -> None:
        self.store = store
        self.servicers = servicers(store, settings(retention))
        self.inbox = Inbox(store, SUBSCRIPTIONS, signatures_of())
        self.inbox.begin([topic_of(name) for name in SERVICE.hears])
        self.confirm: Confirm = confirm_all  # unless said otherwise
        self.pending_work = self.drainer()
        self.now = NOW
        self.log = Log()
        self.told(*network(), *map(payer, (PAYER, OTHER_PAYER)))
        self.told(credentialed(STAFF, "LCSW", token_subject="staff/1"))

    def call(
        self,
        request: Any,
        command_id: str | None = None,
        actor: str = "staff/1",
        *,
        roles: frozenset[str] = frozenset(),
        sites: frozenset[str] = frozenset({"*"}),
        purpose: str = "PAYMENT",
    ) -> Any:
        if hasattr(request, "meta") and not request.meta.command_id:
            request.meta.command_id = command_id or str(uuid4())
        rpc = rpc_of(request)
        call = Call(
            actor=Actor(id=actor, roles=roles, sites=sites, purpose=purpose),
            now=self.now,
            deadline=lambda: None,
            correlation_id="c",
            traceparent="",
        )
        behaviour = getattr(self.servicers[rpc.containing_service], rpc.name)
        return answered(self.store, behaviour, request, call)

    def drainer(self, **parts: Any) -> PendingWork:
        """A worker's; several may drain at once."""
        return PendingWork(self.store, SUBSCRIPTIONS, confirm=self.confirm, **parts)

    def told(self, *messages: Any) -> None:
        """What other services publish is heard here."""
        self.inbox.hear([self.log.tell(message) for message in messages])

    def rows(self, statement: str) -> list[Any]:
        with self.store.transaction() as tx:
            return list(tx.connection.execute(text(statement)).all())

    def published(self) -> list[tuple[str, str]]:
        """Each public fact's noun and label, in the order of publishing."""
        found = self.rows("SELECT type, headers->>'label' FROM published ORDER BY position")
        return [(name.rpartition(".")[2], label) for name, label in found]

    def registered(self, **changes: Any) -> str:
        """`site_id`: at another site, which opens."""
        if "site_id" in changes:
            self.told(*network(changes["site_id"]))
        return str(self.call(register(**changes)).client_id)

    def covered(
        self, client_id: str, *, verified_to: common.Date | None = None, **changes: Any
    ) -> str:
        """A coverage of the payer's, verified from today."""
        coverage_id = str(self.call(coverage(client_id, **changes)).coverage_id)
        self.call(
            pb.VerifyCoverageRequest(
                client_id=client_id,
                coverage_id=coverage_id,
                verified_from=to_date(day(0)),
                verified_to=verified_to,
            )
        )
        return coverage_id

    def consented(self, client_id: str, **changes: Any) -> str:
        return str(self.call(consent(client_id, **changes)).consent_id)

    def admitted(self, client_id: str, **changes: Any) -> str:
        """`site_id`: of another site, which opens with the same programs."""
        if "site_id" in changes:
            self.told(*network(changes["site_id"]))
        return str(self.call(admission(client_id, **changes)).episode_id)

    def scored(
        self, client_id: str, answers: dict[int, int] = PHQ9, instrument: str = "phq9/1"
    ) -> Any:
        return self.call(assess(client_id, answers, instrument))

    def tasks(self, **asked: Any) -> list[pb.SafetyTask]:
        return list(self.call(pb.ListSafetyTasksRequest(**asked)).tasks)

    def close_task(self, client_id: str, task_id: str, **changes: Any) -> Any:
        given = {
            "client_id": client_id,
            "task_id": task_id,
            "action": pb.SAFETY_ACTION_SAFETY_PLAN_MADE,
            "note": NOTE,
        }
        return self.call(pb.CloseSafetyTaskRequest(**{**given, **changes}))

    def identities(
        self,
        *client_ids: str,
        on: int = 0,
        actor: str = "service/billing",
        settled: tuple[str, ...] = (),
        programs: dict[str, list[str]] | None = None,
    ) -> Any:
        """`programs`: of the lines, by client; of one left out, the client's programs."""
        of_lines = {client_id: self.programs_of(client_id) for client_id in client_ids}
        request = pb.ReadIdentitiesRequest(
            client_ids=client_ids,
            recipient_payer_id=PAYER,
            on=to_date(day(on)),
            settled_client_ids=settled,
            programs=[
                pb.ProgramsOfLines(client_id=client_id, program_ids=of_client)
                for client_id, of_client in (of_lines | (programs or {})).items()
            ],
        )
        return self.call(request, actor=actor)

    def programs_of(self, client_id: str) -> list[str]:
        found = self.rows("SELECT client_id::text, program_id::text FROM episode ORDER BY number")
        return [row.program_id for row in found if row.client_id == client_id]


def settings(changes: Mapping[str, Any]) -> Settings:
    """Of a process whose store is opened already."""
    wanted: dict[str, Any] = {
        "service": "intake",
        "database_url": "postgresql://nobody:hush@127.0.0.1:1/none",
        "secrets_dir": "/nowhere",
        "environment": "test",
        **changes,
    }
    return Settings(**wanted)


def identity(**changes: Any) -> pb.Identity:
    given = {
        "family_name": SURNAME,
        "given_name": "Ada",
        "birth_date": common.Date(year=1984, month=2, day=29),
        "sex": pb.SEX_FEMALE,
        "address": common.PostalAddress(
            line="12 Canary Row", city="Denver", state="CO", zip="802021234"
        ),
    }
    return pb.Identity(**{**given, **changes})


def register(**changes: Any) -> pb.RegisterClientRequest:
    site_id = changes.pop("site_id", SITE)
    return pb.RegisterClientRequest(identity=identity(**changes), site_id=site_id)


def consent(client_id: str, **changes: Any) -> pb.GiveConsentRequest:
    given = {
        "client_id": client_id,
        "purpose": pb.CONSENT_PURPOSE_TREATMENT_PAYMENT_OPERATIONS,
        "recipient_payer_id": PAYER,
        "given_on": to_date(day(0)),
    }
    return pb.GiveConsentRequest(**{**given, **changes})


def coverage(client_id: str, **changes: Any) -> pb.AddCoverageRequest:
    given = {
        "client_id": client_id,
        "payer_id": PAYER,
        "member_number": "MEMBER-4711",
        "group_number": "GROUP-0815",
        "effective_from": to_date(day(0) - timedelta(days=60)),
    }
    return pb.AddCoverageRequest(**{**given, **changes})


def payer(payer_id: str) -> billing.PayerRegistered:
    """What billing told of it."""
    return billing.PayerRegistered(payer_id=payer_id, name="Prairie Example Health Plan")


def network(site_id: str = SITE) -> list[Any]:
    """What attendance told: a site with two programs under Part 2, and one that isn't.

    In Illinois; another one in Wisconsin.
    """
    address = common.PostalAddress(state="IL" if site_id == SITE else "WI")
    programs = (
        common.Program(
            program_id=PROGRAM, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
        ),
        common.Program(program_id=OTHER_PROGRAM, kind=common.PROGRAM_KIND_DUAL, under_part2=True),
        common.Program(program_id=MENTAL_HEALTH, kind=common.PROGRAM_KIND_MENTAL_HEALTH),
    )
    return [
        attendance.SiteOpened(
            site_id=site_id, name="Lakeside", time_zone="America/Chicago", address=address
        ),
        *(attendance.ProgramOpened(site_id=site_id, program=program) for program in programs),
    ]


def admission(
    client_id: str, *, under_part2: bool = True, program_id: str = "", **changes: Any
) -> pb.AdmitClientRequest:
    kind = common.PROGRAM_KIND_SUBSTANCE_USE if under_part2 else common.PROGRAM_KIND_MENTAL_HEALTH
    if program_id == OTHER_PROGRAM:
        kind = common.PROGRAM_KIND_DUAL
    given = {
        "client_id": client_id,
        "site_id": SITE,
        "program": common.Program(
            program_id=program_id or (PROGRAM if under_part2 else MENTAL_HEALTH),
            kind=kind,
            under_part2=under_part2,
        ),
        "level_of_care": "2.1",
        "admitted_on": to_date(day(0)),
    }
    return pb.AdmitClientRequest(**{**given, **changes})


def assess(
    client_id: str, answers: dict[int, int] = PHQ9, instrument: str = "phq9/1"
) -> pb.CompleteAssessmentRequest:
    return pb.CompleteAssessmentRequest(client_id=client_id, instrument=instrument, answers=answers)


def screen(client_id: str, **changes: Any) -> pb.ScreenClientRequest:
    """Of somebody intensive outpatient care is for."""
    given = {
        "client_id": client_id,
        "needs_detox": False,
        "needs_24_hour_care": False,
        "motivated": True,
        "stable_environment": True,
        "work_or_family_duties": True,
        "screened_on": to_date(day(0)),
    }
    return pb.ScreenClientRequest(**{**given, **changes})


def restrict(client_id: str) -> pb.RestrictDisclosureRequest:
    dates: dict[str, Any] = {"from": to_date(day(0)), "to": to_date(day(6))}
    return pb.RestrictDisclosureRequest(client_id=client_id, payer_id=PAYER, **dates)


def areas(client_id: str, **changes: Any) -> pb.AssessAreasRequest:
    given = {
        "client_id": client_id,
        "occasion": pb.ASSESSMENT_OCCASION_INITIAL,
        "areas": [
            pb.AssessedArea(area=area, narrative=NARRATIVE, need=area.endswith("MEDICAL"))
            for area in pb.AssessmentArea.keys()[1:]
        ],
        "assessed_on": to_date(day(0)),
    }
    return pb.AssessAreasRequest(**{**given, **changes})


def rate(client_id: str, **changes: Any) -> pb.RateDimensionsRequest:
    given = {
        "client_id": client_id,
        "edition": pb.CRITERIA_EDITION_ASAM_3,
        "ratings": [pb.DimensionRating(dimension=number, rating="2") for number in range(1, 7)],
        "indicated_level": "2.1",
        "chosen_level": "2.1",
        "rated_on": to_date(day(0)),
    }
    return pb.RateDimensionsRequest(**{**given, **changes})


def diagnose(client_id: str, **changes: Any) -> pb.RecordDiagnosisRequest:
    given = {
        "client_id": client_id,
        "code": "F10.20",
        "rank": 1,
        "effective_from": to_date(day(0)),
    }
    return pb.RecordDiagnosisRequest(**{**given, **changes})


def findings(desk: Desk, what: str) -> Any:
    """How many a check looked at, and of each finding the reason, about whom, and of what."""
    [check] = [check for check in SERVICE_CHECKS.checks if what in check.name]
    with desk.store.engine.connect() as connection:
        examination = Examination(
            store=desk.store,
            connection=connection,
            subscriptions=SUBSCRIPTIONS,
            signatures=signatures_of(),
            publish=publish,
            owners={},
            heads={},
            kafka=lambda: iter(()),
        )
        found = list(check.find(examination))
    return examination.looked_at, [(e.reason, e.about, e.says.split()[0]) for e in found]
