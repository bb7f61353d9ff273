"""What the payer of a day asks of its notes: until when each is signed, what a late one takes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.billing.domain.days.gates import sign_by
from services.billing.domain.days.service_day import ServiceDay, resolve
from services.billing.domain.history.attended import attendance_that_holds, services_of
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.payers.rules import LateSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTerms:
    """Of one session, of one client. `sign_by` None: it is never late; `signed_at` None: nobody
    did. `staff_id`: who led it, empty where that isn't known."""

    client_id: str
    session_id: str
    service_date: date
    site_id: str
    staff_id: str
    late_signature: LateSignature
    sign_by: datetime | None
    signed_at: datetime | None
    attested: bool

    def late(self, now: datetime) -> bool:
        """Signed too late, or not yet, and it is too late."""
        return self.sign_by is not None and (self.signed_at or now) > self.sign_by

    @property
    def to_attest(self) -> bool:
        """It was signed too late, and an attestation opens the day."""
        late = self.signed_at is not None and self.late(self.signed_at)
        return late and self.late_signature == LateSignature.ATTEST and not self.attested


def note_terms(history: BillingHistory, dates: Collection[date]) -> Iterator[NoteTerms]:
    """Of the notes of these dates, where the payer has rules for the day."""
    for day in resolve(history):
        if day.service_date in dates:
            yield from _terms(day, history)


def _terms(day: ServiceDay, history: BillingHistory) -> Iterator[NoteTerms]:
    if day.rules is None:
        return
    attested = {attestation.session_id for attestation in history.attested}
    holding = attendance_that_holds(history.attendances)
    of_day = [attendance for attendance in holding if attendance.service_date == day.service_date]
    for service in services_of(history, of_day):
        session_id = service.attendance.session_id
        signed = (note.signed_at for note in history.notes if note.session_id == session_id)
        yield NoteTerms(
            client_id=service.attendance.client_id,
            session_id=session_id,
            service_date=day.service_date,
            site_id=service.site_id,
            staff_id=service.facilitator_id,
            late_signature=day.rules.late_signature,
            sign_by=sign_by(service, day.rules),
            signed_at=min(signed, default=None),
            attested=session_id in attested,
        )
