"""The names of attendance's streams, and a session as a presence sees it."""

from collections.abc import Collection, Sequence
from datetime import date

from kernel.credentials import SIGN, Credential, require_for
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import Calendar
from services.attendance.domain.admission import is_admitted
from services.attendance.domain.at import At
from services.attendance.domain.presence import PRESENCE, Presence
from services.attendance.domain.refusals import naming
from services.attendance.domain.session import Session, service_date
from services.attendance.domain.site import SITE
from services.attendance.domain.staff import STAFF


def site_stream(site_id: str) -> str:
    return f"site/{site_id}"


def staff_stream(staff_id: str) -> str:
    return f"staff/{staff_id}"


def template_stream(template_id: str) -> str:
    return f"template/{template_id}"


def session_stream(session_id: str) -> str:
    """The stream, and the subject whose lock holds the session open or makes it closed."""
    return f"session/{session_id}"


def presence_stream(session_id: str, client_id: str) -> str:
    return f"presence/{session_id}/{client_id}"


def client_subject(client_id: str) -> str:
    """The subject of what is published, and the owner of what is sealed."""
    return f"client/{client_id}"


def presences_of(
    tx: Transaction, session_id: str, client_ids: Sequence[str]
) -> dict[str, Presence]:
    """Client → what was recorded of them at the session."""
    streams = {client_id: presence_stream(session_id, client_id) for client_id in client_ids}
    found = tx.load_many(list(streams.values()))
    return {
        client_id: PRESENCE.fold(recorded.fact for recorded in found[stream])
        for client_id, stream in streams.items()
    }


def require_registered(tx: Transaction, calendar: Calendar, client_ids: Collection[str]) -> None:
    """Refuses whom nobody registered, as far as attendance heard, as Unknown."""
    if unregistered := calendar.unregistered(tx, client_ids):
        raise Unknown("client", unregistered[0])


def require_signer(tx: Transaction, calendar: Calendar, context: Context, site_id: str) -> None:
    """Refuses (NOT_CREDENTIALED) a caller who holds no credential to sign by on the site's day, in
    its state."""
    site = SITE.fold(recorded.fact for recorded in tx.load(site_stream(site_id)))
    credentials = [
        Credential(
            text=held.told.credential,
            effective_from=held.told.effective_from,
            effective_to=held.last_day,
            type=held.told.type,
            state=held.told.state,
        )
        for staff_id in calendar.staff_of(tx, context.actor)
        for held in STAFF.fold(recorded.fact for recorded in tx.load(staff_stream(staff_id)))
        if context.actor == (held.told.token_subject or staff_stream(staff_id))
    ]
    require_for(SIGN, credentials, [service_date(context.now, site.time_zone or "UTC")], site.state)


def require_admitted(
    tx: Transaction,
    calendar: Calendar,
    client_ids: Collection[str],
    site_id: str,
    dates: Collection[date],
) -> None:
    """Refuses whom nobody registered, and who isn't admitted at the site on each of the dates
    (NOT_ADMITTED_HERE)."""
    require_registered(tx, calendar, client_ids)
    if missing := not_admitted(tx, calendar, client_ids, site_id, dates):
        raise AgainstTheRules(
            "NOT_ADMITTED_HERE",
            "a client isn't admitted at the site on each of the dates",
            **naming(missing),
        )


def not_admitted(
    tx: Transaction,
    calendar: Calendar,
    client_ids: Collection[str],
    site_id: str,
    dates: Collection[date],
) -> frozenset[str]:
    """Those who aren't admitted at the site on one of the dates, as far as attendance heard."""
    return frozenset(
        client_id
        for client_id, stays in calendar.stays(tx, client_ids).items()
        if not all(is_admitted(stays, site_id, on) for on in dates)
    )


def at_session(session: Session, session_id: str, client_id: str) -> At:
    """What a decision about one client needs of the session; Unknown where there is none."""
    scheduled = session.scheduled
    if scheduled is None:
        raise Unknown("session", session_id)
    return At(
        session_id=session_id,
        client_id=client_id,
        site_id=scheduled.site_id,
        service_date=scheduled.service_date,
        starts_at=scheduled.starts_at,
        ends_at=scheduled.ends_at,
        program=scheduled.program,
        on_roster=client_id in scheduled.roster,
        closed=session.closed,
        cancelled=session.cancelled,
        breaks=scheduled.breaks,
    )


def refuse_version(context: Context) -> None:
    """Malformed where a version is expected of a command that appends to several streams."""
    if context.expected_version is not None:
        raise Malformed(**{"meta.expected_version": "can't be of several streams at once"})
