"""A rule that spans streams: a facilitator's two sessions, on attendance's own servicer."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.execute import CommandExecutor
from kernel.messaging.inbox import Inbox
from kernel.process import Service
from kernel.refusal import AgainstTheRules
from kernel.rpc.call import Call
from kernel.rpc.tokens import Actor
from kernel.services import topic_of
from kernel.store.store import Store, Transaction
from services.attendance.__main__ import SERVICE
from services.attendance.adapters import schedule
from services.attendance.adapters.publication import publish
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS
from services.attendance.api.servicer import attendance_servicer
from services.attendance.domain.minutes import Span
from tests.harness.kernel.counters import Gate, ask, held, without_locks
from tests.harness.plans.service import Log
from tests.harness.signing import signatures_of

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class HeldSchedule(schedule.SqlSchedule):
    """Asks the calendar, then waits at the gate with the answer."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def is_facilitator_busy(
        self, tx: Transaction, facilitator_id: str, spans: Collection[Span]
    ) -> bool:
        busy = super().is_facilitator_busy(tx, facilitator_id, spans)
        self._gate("facilitator")
        return busy

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], spans: Collection[Span]
    ) -> list[str]:
        busy = super().busy_clients(tx, roster, spans)
        self._gate("clients")
        return busy


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


class Desks:
    """Two front desks over one database: the first waits where the gate says."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self.store = store
        executor = CommandExecutor(store=store, publish=publish, view=schedule.keep)
        self._second = attendance_servicer(executor, schedule.SqlSchedule())
        self._first = attendance_servicer(executor, HeldSchedule(gate))
        site = self._call(
            self._second.OpenSite,
            pb.OpenSiteRequest(
                name="Lakeside",
                time_zone="America/Chicago",
                address=common.PostalAddress(
                    line="1 Lake St", city="Chicago", state="IL", zip="606011234"
                ),
                npi="1234567893",
            ),
        )
        program = self._call(
            self._second.OpenProgram,
            pb.OpenProgramRequest(
                site_id=site.site_id,
                kind=common.PROGRAM_KIND_DUAL,
                governed_by=pb.GOVERNED_BY_PART2,
            ),
        )
        self._where = {"site_id": site.site_id, "program_id": program.program_id}

    def staff(self) -> str:
        request = pb.CredentialStaffRequest(
            credential="LCSW",
            state="IL",
            npi="1234567893",
            effective_from=common.Date(year=2026, month=1, day=1),
        )
        staff_id: str = self._call(self._second.CredentialStaff, request).staff_id
        return staff_id

    def registered(self, client: str) -> str:
        """The client, whom intake registered and admitted."""
        inbox = Inbox(self.store, SUBSCRIPTIONS, signatures_of())
        inbox.begin([topic_of("intake")])
        log = Log()
        admission = intake.ClientAdmitted(
            client_id=client,
            episode_id=str(uuid4()),
            site_id=self._where["site_id"],
            admitted_on=common.Date(year=2026, month=1, day=1),
        )
        inbox.hear([log.tell(intake.ClientRegistered(client_id=client)), log.tell(admission)])
        return client

    def schedule(self, staff: str, client: str, *, first: bool) -> Any:
        request = pb.ScheduleSessionRequest(
            **self._where,
            facilitator_id=staff,
            service_kind=pb.SERVICE_KIND_GROUP,
            modality=pb.MODALITY_IN_PERSON,
            starts_at=at(MONDAY),
            ends_at=at(MONDAY + timedelta(hours=3)),
            no_limit=True,
            roster=[client],
        )
        desk = self._first if first else self._second
        return self._call(desk.ScheduleSession, request)

    def sessions(self) -> int:
        [(found,)] = ask(self.store, "SELECT count(*) FROM scheduled_session")
        return int(found)

    def _call(self, rpc: Any, request: Any) -> Any:
        request.meta.command_id = str(uuid4())
        actor = Actor(id="staff/1", roles=frozenset(), sites=frozenset({"*"}), purpose="TREATMENT")
        call = Call(
            actor=actor, now=MONDAY, deadline=lambda: None, correlation_id="c", traceparent=""
        )
        return rpc(request, call)


def both(new_store: Any, place: str) -> tuple[Desks, Callable[[], Any]]:
    """Two sessions at one time, of one facilitator or of one client; the first is held."""
    gate = Gate(place)
    desks = Desks(new_store(SERVICE), gate)
    staff, client = desks.staff(), desks.registered(str(uuid4()))
    other_staff, other_client = desks.staff(), desks.registered(str(uuid4()))

    def second() -> Any:
        if place == "facilitator":
            return desks.schedule(staff, other_client, first=False)
        return desks.schedule(other_staff, client, first=False)

    def run() -> Any:
        with held(gate, lambda: desks.schedule(staff, client, first=True)) as waiting:
            return waiting.meanwhile(desks.store, second)

    return desks, run


@pytest.mark.parametrize(
    ("place", "reason"), [("facilitator", "FACILITATOR_BUSY"), ("clients", "CLIENT_BUSY")]
)
def test_of_two_sessions_scheduled_at_once_one_is_refused(
    new_store: Callable[[Service], Store], place: str, reason: str
) -> None:
    desks, run = both(new_store, place)
    with pytest.raises(AgainstTheRules) as refused:
        run()
    assert refused.value.reason == reason
    assert desks.sessions() == 1


@pytest.mark.parametrize("place", ["facilitator", "clients"])
def test_without_the_lock_both_would_be_scheduled(
    new_store: Callable[[Service], Store], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    desks, run = both(new_store, place)
    without_locks(monkeypatch)
    assert run().session_id
    assert desks.sessions() == 2
