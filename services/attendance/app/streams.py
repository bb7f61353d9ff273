"""The names of attendance's streams, and a session as a presence sees it."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from kernel.credentials import SIGN, Credential, require_for
from kernel.decider import filled
from kernel.facts import of_kind
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.store.store import Context, Transaction
from services.attendance.app.ports import Schedule
from services.attendance.domain.admission import is_admitted
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.presence import PRESENCE, Presence
from services.attendance.domain.refusals import naming
from services.attendance.domain.session import Session, service_date
from services.attendance.domain.site import SITE
from services.attendance.domain.staff import STAFF

site_stream = of_kind("site")
staff_stream = of_kind("staff")
template_stream = of_kind("template")
# The stream, and the subject whose lock holds the session open or makes it closed.
session_stream = of_kind("session")


def presence_stream(session_id: str, client_id: str) -> str:
    return f"presence/{session_id}/{client_id}"


# The subject of what is published, and the owner of what is sealed.
client_subject = of_kind("client")
note_of = of_kind("note")  # the document with a client's own note of a session
group_note_of = of_kind("group-note")  # with the part for all of a group's, under each client's key
addenda_of = of_kind("addendum")  # with what was added to a note, each a version
attestation_of = of_kind("attestation")  # with what attests a note


def presences_of(
    tx: Transaction, session_id: str, client_ids: Sequence[str]
) -> dict[str, Presence]:
    """Client → what was recorded of them at the session."""
    streams = {client_id: presence_stream(session_id, client_id) for client_id in client_ids}
    found = tx.load_many(list(streams.values()))
    return {client_id: PRESENCE.after(found[stream]) for client_id, stream in streams.items()}


def require_registered(tx: Transaction, schedule: Schedule, client_ids: Collection[str]) -> None:
    """Refuses whom nobody registered, as far as attendance heard, as Unknown."""
    if unregistered := schedule.unregistered(tx, client_ids):
        raise Unknown("client", unregistered[0])


def require_signer(tx: Transaction, schedule: Schedule, context: Context, site_id: str) -> None:
    """Refuses (NOT_CREDENTIALED) a caller who holds no credential to sign by on the site's day, in
    its state."""
    site = SITE.after(tx.load(site_stream(site_id)))
    credentials = [
        filled(
            Credential,
            held.credentialed,
            text=held.credentialed.credential,
            effective_to=held.last_day,
        )
        for staff_id in schedule.staff_of(tx, context.actor)
        for held in STAFF.after(tx.load(staff_stream(staff_id)))
        if context.actor == (held.credentialed.token_subject or staff_stream(staff_id))
    ]
    require_for(SIGN, credentials, [service_date(context.now, site.time_zone or "UTC")], site.state)


def require_admitted(
    tx: Transaction,
    schedule: Schedule,
    client_ids: Collection[str],
    site_id: str,
    dates: Collection[date],
) -> None:
    """Refuses whom nobody registered, and who isn't admitted at the site on each of the dates
    (NOT_ADMITTED_HERE)."""
    require_registered(tx, schedule, client_ids)
    if missing := not_admitted(tx, schedule, client_ids, site_id, dates):
        raise AgainstTheRules(
            "NOT_ADMITTED_HERE",
            "a client isn't admitted at the site on each of the dates",
            **naming(missing),
        )


def not_admitted(
    tx: Transaction,
    schedule: Schedule,
    client_ids: Collection[str],
    site_id: str,
    dates: Collection[date],
) -> frozenset[str]:
    """Those who aren't admitted at the site on one of the dates, as far as attendance heard."""
    return frozenset(
        client_id
        for client_id, admissions in schedule.admissions(tx, client_ids).items()
        if not all(is_admitted(admissions, site_id, on) for on in dates)
    )


def encounter_of(session: Session, session_id: str, client_id: str) -> Encounter:
    """What a decision about one client needs of the session; Unknown where there is none."""
    scheduled = session.scheduled
    if scheduled is None:
        raise Unknown("session", session_id)
    on_roster = client_id in scheduled.roster
    return filled(Encounter, scheduled, session, client_id=client_id, on_roster=on_roster)


def grace_of(tx: Transaction, session: Session) -> timedelta:
    """That of the session's site, as it is now."""
    if session.scheduled is None:
        return timedelta()
    return SITE.after(tx.load(site_stream(session.scheduled.site_id))).grace


def not_admitted_to(
    tx: Transaction, schedule: Schedule, session: Session, client_ids: Collection[str]
) -> frozenset[str]:
    """Those of the clients who aren't admitted at the session's site on its date."""
    of = session.scheduled
    if of is None:
        return frozenset()
    return not_admitted(tx, schedule, client_ids, of.site_id, [of.service_date])


def refuse_version(context: Context) -> None:
    """Malformed where a version is expected of a command that appends to several streams."""
    if context.expected_version is not None:
        raise Malformed(**{"meta.expected_version": "can't be of several streams at once"})
