"""A front desk that calls intake's servicer as the server does, and looks into its tables."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb
from sqlalchemy import text

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.intake.adapters import episodes
from services.intake.adapters.audit import SqlAudit
from services.intake.adapters.publication import publish
from services.intake.api.servicer import IntakeServicer
from tests.intake.made import NOW, day

PAYER = "7a000000-0000-4000-8000-000000000001"
SITE = "51000000-0000-4000-8000-000000000001"
PROGRAM = "90000000-0000-4000-8000-000000000001"
OTHER_PROGRAM = "90000000-0000-4000-8000-000000000002"
PHQ9 = {1: 2, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 2, 8: 0, 9: 1, 10: 1}
SURNAME = "Wolfeschlegelstein"


class Desk:
    """The servicer, its store, and whoever calls."""

    def __init__(self, store: Store) -> None:
        self.store = store
        book = Book(store=store, publish=publish, view=episodes.keep)
        self.servicer = IntakeServicer(book, episodes.SqlEpisodes(), SqlAudit())
        self.now = NOW

    def call(self, request: Any, command_id: str | None = None, actor: str = "staff/1") -> Any:
        if hasattr(request, "meta") and not request.meta.command_id:
            request.meta.command_id = command_id or str(uuid4())
        rpc = type(request).__name__.removesuffix("Request")
        call = Call(
            actor=Actor(id=actor, roles=frozenset(), sites=frozenset({"*"}), purpose="PAYMENT"),
            now=self.now,
            deadline=lambda: None,
            correlation_id="c",
            traceparent="",
        )
        return getattr(self.servicer, rpc)(request, call)

    def rows(self, statement: str) -> list[Any]:
        with self.store.transaction() as tx:
            return list(tx.connection.execute(text(statement)).all())

    def published(self) -> list[tuple[str, str]]:
        """Each public fact's noun and label, in the order of publishing."""
        found = self.rows("SELECT type, headers->>'label' FROM published ORDER BY position")
        return [(name.rpartition(".")[2], label) for name, label in found]

    def registered(self, **changes: Any) -> str:
        return str(self.call(register(**changes)).client_id)

    def covered(self, client_id: str, **changes: Any) -> str:
        """A coverage of the payer's, verified from today."""
        coverage_id = str(self.call(coverage(client_id, **changes)).coverage_id)
        self.call(
            pb.VerifyCoverageRequest(
                client_id=client_id, coverage_id=coverage_id, verified_from=to_date(day(0))
            )
        )
        return coverage_id

    def consented(self, client_id: str, **changes: Any) -> str:
        return str(self.call(consent(client_id, **changes)).consent_id)

    def admitted(self, client_id: str, **changes: Any) -> str:
        return str(self.call(admission(client_id, **changes)).episode_id)

    def identities(self, *client_ids: str, on: int = 0, actor: str = "service/billing") -> Any:
        request = pb.ReadIdentitiesRequest(
            client_ids=client_ids, recipient_payer_id=PAYER, on=to_date(day(on))
        )
        return self.call(request, actor=actor)


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
    return pb.RegisterClientRequest(identity=identity(**changes))


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


def program(*, under_part2: bool, program_id: str = PROGRAM) -> common.Program:
    kind = common.PROGRAM_KIND_SUBSTANCE_USE if under_part2 else common.PROGRAM_KIND_MENTAL_HEALTH
    return common.Program(program_id=program_id, kind=kind, under_part2=under_part2)


def admission(
    client_id: str, *, under_part2: bool = True, program_id: str = PROGRAM, **changes: Any
) -> pb.AdmitClientRequest:
    given = {
        "client_id": client_id,
        "site_id": SITE,
        "program": program(under_part2=under_part2, program_id=program_id),
        "level_of_care": "2.1",
        "admitted_on": to_date(day(0)),
    }
    return pb.AdmitClientRequest(**{**given, **changes})


def assess(client_id: str, answers: dict[int, int] = PHQ9) -> pb.CompleteAssessmentRequest:
    return pb.CompleteAssessmentRequest(client_id=client_id, instrument="phq9/1", answers=answers)


def diagnose(client_id: str, **changes: Any) -> pb.RecordDiagnosisRequest:
    given = {
        "client_id": client_id,
        "code": "F10.20",
        "rank": 1,
        "effective_from": to_date(day(0)),
    }
    return pb.RecordDiagnosisRequest(**{**given, **changes})
