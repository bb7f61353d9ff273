"""What the other services say of a client, as records to hear."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.envelope import Record
from kernel.rpc.translate import to_date, to_timestamp
from tests.harness.billing.history import day, ends_at
from tests.harness.plans.service import Log

SITE = "5d6f1c1e-0a5b-4f0e-9a43-1f0c7a2e9b01"
COVERAGE = "c0ffee00-0a5b-4f0e-9a43-1f0c7a2e9b02"

OPENED = attendance.SiteOpened(
    site_id=SITE,
    name="Lakeside",
    time_zone="America/Chicago",
    address=common.PostalAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234"),
    npi="1234567893",
)


@dataclass
class Story:
    """The published facts of clients at a site; each call gives the records of what it says."""

    log: Log = field(default_factory=Log)
    site_id: str = SITE
    episodes: dict[str, str] = field(default_factory=dict)

    def admitted(self, client_id: str, payer_id: str) -> list[Record]:
        """Admitted on Monday, at a site that is open, with all a claim needs."""
        opened = site_opened(self.site_id)
        admitted = admission(client_id, payer_id, self.site_id)
        self.episodes[client_id] = next(
            entered.episode_id for entered in admitted if isinstance(entered, intake.ClientAdmitted)
        )
        return [self._tell(message) for message in (opened, *admitted)]

    def discharged(self, client_id: str, on: date, reason: str) -> list[Record]:
        """The episode they were admitted to is over."""
        told = plans.ClientDischarged(
            client_id=client_id,
            episode_id=self.episodes[client_id],
            discharged_on=to_date(on),
            reason=f"DISCHARGE_REASON_{reason}",
        )
        return [self._tell(told)]

    def attended(
        self, client_id: str, days: Iterable[date], minutes: int = 180, facilitator: str = ""
    ) -> list[Record]:
        """Three hours on each of these days, closed and signed."""
        return [
            self._tell(message)
            for on in days
            for message in self._day(client_id, on, minutes, facilitator)
        ]

    def expected(self, client_id: str, on: date) -> list[Record]:
        """In the evening of this day too, for another hour, which nobody closed yet."""
        end = ends_at(on) + timedelta(hours=2)
        scheduled = attendance.SessionScheduled(
            **self._evening(client_id, on),
            modality=attendance_api.MODALITY_IN_PERSON,
            starts_at=to_timestamp(end - timedelta(hours=1)),
            ends_at=to_timestamp(end),
        )
        return [self._tell(scheduled)]

    def unsigned(self, client_id: str, on: date) -> list[Record]:
        """Another hour on this day, in the evening, of which nobody signed a note."""
        attended = attendance.SessionAttended(**self._evening(client_id, on), minutes=60)
        return [*self.expected(client_id, on), self._tell(attended)]

    def late(self, client_id: str, on: date) -> list[Record]:
        """Another hour on this day, in the evening, whose note was signed two days later."""
        signed = attendance.SessionNoteSigned(
            **self._evening(client_id, on), signed_at=to_timestamp(ends_at(on) + timedelta(days=2))
        )
        return [*self.unsigned(client_id, on), self._tell(signed)]

    def attested(self, client_id: str, on: date) -> list[Record]:
        """The note of that evening, as a statement of its own."""
        attested = attendance.SessionNoteAttested(**self._evening(client_id, on))
        return [self._tell(attested)]

    def opened(self, **address: str) -> list[Record]:
        """The site again, at another address."""
        opened = site_opened(self.site_id)
        opened.address.MergeFrom(common.PostalAddress(**address))
        return [self._tell(opened)]

    def revoked(self, client_id: str, payer_id: str, *days: date) -> list[Record]:
        """A consent to the payer, given on Monday, and revoked from each of these days on."""
        consent_id = str(uuid4())
        given = intake.ConsentGiven(
            client_id=client_id,
            consent_id=consent_id,
            recipient_payer_id=payer_id,
            given_on=to_date(day(0)),
        )
        revoked = (
            intake.ConsentRevoked(
                client_id=client_id, consent_id=consent_id, revoked_on=to_date(on)
            )
            for on in days
        )
        return [self._tell(message) for message in (given, *revoked)]

    def corrected(self, client_id: str, on: date, number: int, minutes: int) -> list[Record]:
        return [
            self._tell(
                attendance.AttendanceCorrected(
                    **self._of(client_id, on),
                    correction=number,
                    attended=minutes > 0,
                    minutes=minutes,
                )
            )
        ]

    def _day(self, client_id: str, on: date, minutes: int, facilitator: str) -> Iterable[Any]:
        end = ends_at(on)
        yield attendance.SessionScheduled(
            **self._of(client_id, on),
            modality=attendance_api.MODALITY_IN_PERSON,
            facilitator_id=facilitator,
            starts_at=to_timestamp(end - timedelta(hours=3)),
            ends_at=to_timestamp(end),
        )
        yield attendance.SessionAttended(**self._of(client_id, on), minutes=minutes)
        yield attendance.SessionNoteSigned(
            **self._of(client_id, on), signed_at=to_timestamp(end + timedelta(hours=1))
        )

    def _evening(self, client_id: str, on: date) -> dict[str, Any]:
        return {**self._of(client_id, on), "session_id": f"{client_id} {on} evening"}

    def _of(self, client_id: str, on: date) -> dict[str, Any]:
        return {
            "client_id": client_id,
            "session_id": f"{client_id} {on}",
            "site_id": self.site_id,
            "service_date": to_date(on),
        }

    def _tell(self, message: Any) -> Record:
        return self.log.tell(message, label="PART2")


def site_opened(site_id: str = SITE) -> attendance.SiteOpened:
    opened = attendance.SiteOpened.FromString(OPENED.SerializeToString())
    opened.site_id = site_id
    return opened


def admission(client_id: str, payer_id: str, site_id: str = SITE) -> list[Any]:
    """What intake says of a client admitted on Monday, and, last, that the plan is in force."""
    episode_id = str(uuid4())
    return [
        intake.ClientRegistered(client_id=client_id),
        intake.ConsentGiven(
            client_id=client_id,
            consent_id=str(uuid4()),
            recipient_payer_id=payer_id,
            given_on=to_date(day(0)),
        ),
        intake.MemberRecognised(
            client_id=client_id, coverage_id=COVERAGE, key=f"key of {client_id}"
        ),
        intake.CoverageVerified(
            client_id=client_id,
            coverage_id=COVERAGE,
            payer_id=payer_id,
            verified_from=to_date(date(2026, 1, 1)),
        ),
        intake.ClientAdmitted(
            client_id=client_id,
            episode_id=episode_id,
            site_id=site_id,
            program=common.Program(
                program_id=str(uuid4()),
                kind=common.PROGRAM_KIND_SUBSTANCE_USE,
                under_part2=True,
            ),
            level_of_care="2.1",
            admitted_on=to_date(day(0)),
        ),
        *(
            intake.DiagnosisRecorded(
                client_id=client_id, code=code, rank=rank, effective_from=to_date(day(0))
            )
            for rank, code in enumerate(["F10.20", "F33.1"], start=1)
        ),
        plans.PlanActivated(
            client_id=client_id,
            episode_id=episode_id,
            plan_id=str(uuid4()),
            in_force_from=to_date(day(3)),
        ),
    ]
