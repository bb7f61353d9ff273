"""Plans as its processes run it, on a database of its own, with others' published logs to hear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_enums
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.facts import Label, derived_id
from kernel.messaging.envelope import Envelope, Record
from kernel.messaging.inbox import Inbox
from kernel.messaging.pending_work import PendingWork
from kernel.rpc.call import Call
from kernel.rpc.dry_run import answered
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.services import topic_of
from kernel.store.statements import text
from kernel.store.store import Store
from services.plans.__main__ import SERVICE, servicers
from services.plans.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.signing import signatures_of, signed

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class Log:
    """The published logs of the others: each subject's facts counted from 1, as records."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def tell(self, message: Any, *, label: Label = "HIPAA", service: str = "") -> Record:
        """The record of the next fact of the message's client, staff, site or payer.

        `service`: whose log it is; empty: that of the message's package.

        Two logs that tell the same at the same place tell the same fact.
        """
        kind = message.DESCRIPTOR.full_name
        service = service or kind.split(".")[1]
        if service == "common":  # who is one person, intake says
            service = "intake"
        of = next(k for k in ("client", "staff", "site", "payer") if hasattr(message, f"{k}_id"))
        return self._tell(service, f"{of}/{getattr(message, f'{of}_id')}", message, label)

    def amended(self, first: Record, message: Any | None, revision: int = 2) -> Record:
        """That what was told first says this now; None: nothing any more."""
        kind, client = first.headers["ce_type"].decode(), first.headers["ce_subject"].decode()
        amended = StatementAmended(
            client_id=client.removeprefix("client/"),
            statement_id=str(uuid4()),
            fact_id=first.headers["ce_id"].decode(),
            type=kind,
            revision=revision,
            content=b"" if message is None else message.SerializeToString(deterministic=True),
            voided=message is None,
        )
        label: Any = first.headers["ce_label"].decode()
        return self._tell(kind.split(".")[1], client, amended, label)

    def _tell(self, service: str, subject: str, message: Any, label: Label) -> Record:
        kind = message.DESCRIPTOR.full_name
        sequence = self._last.get((service, subject), 0) + 1
        self._last[service, subject] = sequence
        body = message.SerializeToString(deterministic=True)
        envelope = Envelope(
            id=derived_id(kind, subject, sequence, body.hex()),
            type=kind,
            source=f"ninehours/{service}",
            subject=subject,
            time=NOW,
            signed_at=NOW,
            epoch=1,
            sequence=sequence,
            network="local",
            label=label,
            may_ignore=False,
            causation="",
            correlation="",
            traceparent="",
        )
        return signed(
            Record(
                topic=topic_of(service),
                partition=0,
                offset=sum(self._last.values()),
                headers=envelope.headers(),
                body=body,
            )
        )


@dataclass
class Plans:
    """The servicer, a clinician who calls it, and the stream side without Faust."""

    store: Store
    now: datetime = NOW
    actor: str = "staff/11111111-1111-4111-8111-111111111111"
    roles: frozenset[str] = frozenset({"clinician"})
    answers: Mapping[Any, object] = field(init=False)
    inbox: Inbox = field(init=False)
    pending_work: PendingWork = field(init=False)

    def __post_init__(self) -> None:
        self.answers = servicers(self.store, None)  # type: ignore[arg-type]
        self.inbox = Inbox(self.store, SUBSCRIPTIONS, signatures_of())
        self.inbox.begin([topic_of(name) for name in SERVICE.hears])
        self.pending_work = PendingWork(self.store, SUBSCRIPTIONS)
        credentials = Log()
        self.hear([credentials.tell(credentialed(self.actor, text)) for text in ("LCSW", "MD")])

    def call(
        self, rpc: str, request: Any, command_id: str | None = None, deadline: float | None = None
    ) -> Any:
        if "meta" in request.DESCRIPTOR.fields_by_name:
            request.meta.command_id = command_id or str(uuid4())
        actor = Actor(
            id=self.actor,
            roles=self.roles,
            sites=frozenset({"*"}),
            purpose="TREATMENT",
        )
        call = Call(
            actor=actor,
            now=self.now,
            deadline=lambda: deadline,
            correlation_id="c",
            traceparent="",
        )
        behaviour = getattr(self.answers[rpc_of(request).containing_service], rpc)
        return answered(self.store, behaviour, request, call)

    def hear(self, records: Sequence[Record]) -> None:
        self.inbox.hear(records)
        self.pending_work.drain()

    def current(self) -> list[tuple[str, Any]]:
        """The current contents, row by row."""
        return [
            (row.row_key, row.content)
            for row in self.query(
                "SELECT row_key, content FROM derived WHERE current AND NOT withdrawn"
                " ORDER BY kind, row_key"
            )
        ]

    def query(self, statement: str, **parameters: Any) -> Sequence[Any]:
        with self.store.transaction() as tx:
            return tx.connection.execute(text(statement), parameters).all()

    def published(self, kind: type[Message]) -> list[Any]:
        """What was published of a type, oldest first."""
        return [
            kind.FromString(bytes(row.body))
            for row in self.query(
                "SELECT body FROM published WHERE type = :type ORDER BY position",
                type=kind.DESCRIPTOR.full_name,
            )
        ]


def credentialed(actor: str, text: str, **changes: Any) -> attendance.StaffCredentialed:
    """That a staff member holds it, from the beginning of the year."""
    given: dict[str, Any] = {"effective_from": common.Date(year=2026, month=1, day=1)}
    return attendance.StaffCredentialed(
        staff_id=actor.removeprefix("staff/"), credential=text, **(given | changes)
    )


WORDS = "I want to hold my granddaughter sober"
EVENING = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


def march(day: int) -> common.Date:
    return common.Date(year=2026, month=3, day=day)


def draft(client_id: str, episode_id: str) -> pb.DraftPlanRequest:
    return pb.DraftPlanRequest(
        client_id=client_id,
        episode_id=episode_id,
        goals=[
            pb.Goal(
                in_the_clients_words=WORDS,
                objectives=[
                    pb.Objective(metric="phq9", baseline=18, target=9, target_date=march(30))
                ],
            )
        ],
        interventions=[
            pb.Intervention(
                kind=pb.INTERVENTION_KIND_GROUP, times_per_week=3, minutes_each_time=180
            )
        ],
    )


def sign(plan_id: str, role: int, day: int) -> Any:
    request = pb.SignPlanRequest(plan_id=plan_id, signed_on=march(day))
    request.signer_role = role  # type: ignore[assignment]
    return request


def in_force(plans: Plans, client_id: str, episode_id: str, day: int = 4) -> str:
    drafted = plans.call("DraftPlan", draft(client_id, episode_id))
    plans.now = EVENING
    plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLIENT, 3))
    plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLINICIAN, day))
    plan_id: str = drafted.plan_id
    return plan_id


def a_history(log: Log, client_id: str, episode_id: str) -> list[Record]:
    """Two weeks: attended, missed and corrected twice; then one session still to come."""
    one, two, three = (str(uuid4()) for _ in range(3))

    def of(session_id: str, day: int) -> dict[str, Any]:
        return {
            "client_id": client_id,
            "session_id": session_id,
            "site_id": str(uuid4()),
            "service_date": march(day),
        }

    def corrected(number: int, minutes: int) -> attendance.AttendanceCorrected:
        return attendance.AttendanceCorrected(
            **of(two, 4),
            correction=number,
            attended=minutes > 0,
            minutes=minutes,
            reason=attendance_enums.CORRECTION_REASON_WAS_THERE,
        )

    return [
        log.tell(
            intake.ClientAdmitted(
                client_id=client_id,
                episode_id=episode_id,
                level_of_care="2.1",
                admitted_on=march(2),
            )
        ),
        *(
            log.tell(message)
            for message in (
                attendance.SessionScheduled(**of(one, 2)),
                attendance.SessionScheduled(**of(two, 4)),
                attendance.SessionScheduled(**of(three, 9)),
                attendance.SessionAttended(**of(one, 2), minutes=300),
                attendance.SessionMissed(**of(two, 4)),
                corrected(1, 100),
                corrected(2, 240),
            )
        ),
    ]


def progress(plans: Plans, client_id: str, after: Sequence[common.Position] = ()) -> list[Any]:
    request = pb.ListProgressRequest(client_id=client_id, after=after)
    return list(plans.call("ListProgress", request, deadline=0.6).weeks)
