"""Attendance's questions: one function a question."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal

from kernel.due import Due, DueAsked, at_each_site
from kernel.sites import speaks_for
from kernel.store.store import Store
from services.attendance.app.ports import (
    BookAndSchedule,
    Calendar,
    ClientSession,
    ListedSession,
    ListedSite,
    SessionsQuery,
    UnfinishedSession,
)
from services.attendance.app.streams import staff_stream


def list_sessions(
    attendance: BookAndSchedule, query: SessionsQuery
) -> tuple[list[ListedSession], bool]:
    """A page of a site's sessions by start, and whether more follow.

    Due is a session that ended and is neither closed nor cancelled, or one with unsigned notes;
    until when they should have been signed is for the payer to say.
    """
    with attendance.book.store.transaction() as tx:
        found = attendance.schedule.sessions(tx, replace(query, limit=query.limit + 1))
    return found[: query.limit], len(found) > query.limit


def list_sites(store: Store, calendar: Calendar, sites: Collection[str]) -> list[ListedSite]:
    """Those the caller speaks for, with their programs."""
    with store.transaction() as tx:
        found = calendar.sites(tx)
    return [site for site in found if speaks_for(sites, site.site_id)]


def list_client_sessions(
    store: Store,
    calendar: Calendar,
    client_id: str,
    until: datetime | None,
    sites: Collection[str],
) -> list[ClientSession]:
    """Those at sites the caller speaks for."""
    with store.transaction() as tx:
        found = calendar.of_client(tx, client_id, until)
    return [session for session in found if speaks_for(sites, session.site_id)]


def list_due(store: Store, calendar: Calendar, asked: DueAsked) -> list[Due]:
    """Sessions to close the same day, and notes; until when to sign, a payer's rules say."""
    with store.transaction() as tx:

        def find(there: DueAsked) -> Iterator[Due]:
            for session in calendar.unclosed(tx, there.moment):
                yield _due(session, "CLOSE_SESSION")
            for note in calendar.unsigned(tx, there.moment):
                yield _due(note, "SIGN_NOTE")

        clocks = {site.site_id: site.time_zone for site in calendar.sites(tx)}
        return at_each_site(asked, clocks, find)


def _due(unfinished: UnfinishedSession, kind: Literal["CLOSE_SESSION", "SIGN_NOTE"]) -> Due:
    same_day = kind == "CLOSE_SESSION"
    return Due(
        kind=kind,
        about_id=unfinished.session_id,
        client_id=unfinished.client_id,
        site_id=unfinished.site_id,
        person=staff_stream(unfinished.facilitator_id),
        roles=("front_desk", "clinician") if same_day else ("clinician",),
        since=unfinished.service_date,
        until=unfinished.service_date if same_day else None,
    )
