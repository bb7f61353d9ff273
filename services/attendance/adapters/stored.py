"""The stored names of attendance's private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from services.attendance.domain import presence, session, site, staff

FACTS = Codec(
    {
        "attendance.site_opened.v1": site.SiteOpened,
        "attendance.program_opened.v1": site.ProgramOpened,
        "attendance.staff_credentialed.v1": staff.StaffCredentialed,
        "attendance.session_scheduled.v1": session.SessionScheduled,
        "attendance.session_closed.v1": session.SessionClosed,
        "attendance.checked_in.v1": presence.CheckedIn,
        "attendance.checked_out.v1": presence.CheckedOut,
        "attendance.note_signed.v1": presence.NoteSigned,
        "attendance.attendance_corrected.v1": presence.AttendanceCorrected,
    }
)
