"""StatementsService: what attendance was told, read back and put right."""

from collections.abc import Sequence

from ninehours.attendance.v1 import attendance_service_pb2 as words
from ninehours.attendance.v1 import statements_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.rpc.call import Call
from kernel.rpc.commands import NOW, new_id
from kernel.rpc.statements import Open, recording, statement_kinds
from kernel.sites import speaks_for
from kernel.statements import Statement
from kernel.store.store import Transaction
from services.attendance.adapters import roster
from services.attendance.adapters.bindings import site_of_said
from services.attendance.api import requests
from services.attendance.api.roster import governed_by, to_template_session
from services.attendance.app.statements import first_said, put_right
from services.attendance.app.streams import addenda_of
from services.attendance.domain import absence, note, presence, session, site, staff, template

SERVICE = pb.DESCRIPTOR.services_by_name["StatementsService"]


def _added(said: words.AddAddendumRequest, fact: note.AddendumAdded, opened: Open) -> None:
    text = opened(addenda_of(fact.session_id), fact.text_version)
    said.text = (text or b"").decode()


def _is_told(tx: Transaction, statement: Statement, call: Call) -> bool:
    """What is of a site is that site's; of staff, which are the network's, everybody's."""
    site_id = site_of_said(tx, statement.first.fact)
    return not site_id or speaks_for(call.actor.sites, site_id)


def _streams(tx: Transaction, subject: str) -> Sequence[str]:
    """What of a client or a site published nothing: presences, and templates."""
    return [*roster.presences_of_client(tx, subject), *roster.templates_of_site(tx, subject)]


KINDS = statement_kinds(
    pb.Recording,
    (
        recording(words.CheckInRequest, presence.CheckedIn, requests.to_arrival, at=named("came")),
        recording(
            words.CheckOutRequest, presence.CheckedOut, requests.to_departure, at=named("left")
        ),
        recording(words.RecordAbsenceRequest, absence.ClientAbsent, requests.to_missing),
        recording(
            words.RecordAbsenceRequest,
            absence.CalledOff,
            requests.to_missing,
            absence=lambda _: "BY_PROGRAM",
        ),
        recording(
            words.AddAddendumRequest,
            note.AddendumAdded,
            requests.to_addendum,
            tell=_added,
            client_ids=lambda fact: [fact.client_id],
            text="",
        ),
        recording(
            words.CancelSessionRequest,
            session.SessionCancelled,
            requests.to_cancel_session,
            {"now": NOW},
            given_until=None,
        ),
        recording(
            words.CancelSessionRequest,
            session.SessionBrokenOff,
            requests.to_cancel_session,
            {"now": NOW},
            not_held=False,
        ),
        recording(
            words.CloseSessionRequest,
            session.SessionClosed,
            requests.to_close_session,
            {"now": NOW},
        ),
        recording(
            words.OpenSiteRequest,
            site.SiteOpened,
            requests.to_open_site,
            {"site_id": new_id("site")},
        ),
        recording(
            words.OpenProgramRequest,
            site.ProgramOpened,
            requests.to_open_program,
            {"program_id": new_id("program")},
            kind=named("program.kind"),
            under_part2=False,
            governed_by=lambda fact: governed_by(fact.program),
        ),
        recording(
            words.DeclareHolidayRequest,
            site.SiteClosedForDay,
            requests.to_declare_holiday,
            date=named("on"),
        ),
        recording(words.SetGraceRequest, site.GraceSet, requests.to_set_grace),
        recording(
            words.DefineTemplateRequest,
            template.TemplateDefined,
            requests.to_define_template,
            {"template_id": new_id("template")},
            sessions=to_template_session,
        ),
        recording(
            words.CredentialStaffRequest,
            staff.StaffCredentialed,
            requests.to_credential_staff,
            {"new_staff_id": new_id("staff")},
        ),
        recording(
            words.EndCredentialRequest,
            staff.CredentialEnded,
            requests.to_end_credential,
            type=lambda fact: fact.type,
        ),
    ),
    first_said,
    put_right,
    is_told=_is_told,
    streams=_streams,
    things=("session", "site", "staff"),
)
