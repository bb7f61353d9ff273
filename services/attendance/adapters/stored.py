"""The stored names of attendance's private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from kernel.statements import StatementAmended
from services.attendance.domain import (
    absence,
    note,
    presence,
    roster,
    scheduling,
    session,
    site,
    staff,
    template,
)

FACTS = Codec(
    {
        "attendance.site_opened.v1": site.SiteOpened,
        "attendance.program_opened.v1": site.ProgramOpened,
        "attendance.site_closed_for_day.v1": site.SiteClosedForDay,
        "attendance.grace_set.v1": site.GraceSet,
        "attendance.staff_credentialed.v1": staff.StaffCredentialed,
        "attendance.credential_ended.v1": staff.CredentialEnded,
        "attendance.template_defined.v1": template.TemplateDefined,
        "attendance.session_scheduled.v1": scheduling.SessionScheduled,
        "attendance.session_corrected.v1": scheduling.SessionCorrected,
        "attendance.session_cancelled.v1": session.SessionCancelled,
        "attendance.session_closed.v1": session.SessionClosed,
        "attendance.checked_in.v1": presence.CheckedIn,
        "attendance.checked_out.v1": presence.CheckedOut,
        "attendance.note_signed.v1": note.NoteSigned,
        "attendance.note_attested.v1": note.NoteAttested,
        "attendance.attendance_corrected.v1": presence.AttendanceCorrected,
        "attendance.added_to_roster.v1": roster.AddedToRoster,
        "attendance.taken_from_roster.v1": roster.TakenFromRoster,
        "attendance.session_broken_off.v1": session.SessionBrokenOff,
        "attendance.client_absent.v1": absence.ClientAbsent,
        "attendance.called_off.v1": absence.CalledOff,
        "attendance.addendum_added.v1": note.AddendumAdded,
        "attendance.statement_amended.v1": StatementAmended,
    }
)
