"""Clients as tables and public facts show them; no document is opened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import text

from kernel.due import DueAsked
from kernel.messaging.public_facts import clocks_of, public_facts
from kernel.rpc.translate import date_of, timestamp_of
from kernel.sites import those_asked
from kernel.store.store import Transaction
from services.intake.adapters.bindings import sites_of
from services.intake.adapters.programs import SqlPrograms
from services.intake.app.clients import (
    ClientsWanted,
    ClientTold,
    OpenDoubles,
    OpenTask,
    ScoreTold,
    Stay,
)
from services.intake.app.streams import client_stream
from services.intake.domain.programs import Programs

# A client's first fact is the registration. Of several episodes an open one comes first.
LISTED = """
SELECT client.client_id, client.at, newest.*
FROM (SELECT CAST(substr(stream, 8) AS uuid) AS client_id, at FROM fact
      WHERE stream LIKE 'client/%' AND version = 1) AS client
LEFT JOIN LATERAL (
    SELECT episode_id, site_id, program_id, level_of_care, admitted_on, closed_on,
           previous_episode_id
    FROM episode
    WHERE episode.client_id = client.client_id
      AND (:site = '' OR CAST(site_id AS text) = :site)
      AND (:program = '' OR CAST(program_id AS text) = :program)
      AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))
    ORDER BY closed_on IS NOT NULL, number DESC LIMIT 1) AS newest ON true
WHERE ((:site = '' AND :program = '') OR newest.episode_id IS NOT NULL)
  AND (NOT :active_only OR (newest.episode_id IS NOT NULL AND newest.closed_on IS NULL))
  AND (CAST(:sites AS uuid[]) IS NULL OR EXISTS (
       SELECT FROM client_site WHERE client_site.client_id = client.client_id
         AND site_id = ANY(CAST(:sites AS uuid[]))))
  AND (CAST(:after_at AS timestamptz) IS NULL
       OR (client.at, client.client_id)
           > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY client.at, client.client_id LIMIT :limit
"""
OPEN_TASKS = """
SELECT task_id, client_id, owner, opened_at, due_at, coalesce(
       (SELECT site_id FROM episode WHERE episode.client_id = safety_task.client_id
          AND admitted_on <= CAST(:on AS date)
          AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))
        ORDER BY number DESC LIMIT 1),
       (SELECT site_id FROM registration
        WHERE registration.client_id = safety_task.client_id)) AS site_id
FROM safety_task
WHERE opened_at <= :moment AND (closed_at IS NULL OR closed_at > :moment)
  AND (CAST(:sites AS uuid[]) IS NULL OR EXISTS (
       SELECT FROM client_site WHERE client_site.client_id = safety_task.client_id
         AND site_id = ANY(CAST(:sites AS uuid[]))))
ORDER BY due_at, task_id
"""
OPEN_DOUBLES = """
SELECT one.client_id, other.client_id AS other_client_id,
       min(greatest(one.noted_at, other.noted_at)) AS since,
       (SELECT min(CAST(site_id AS text)) FROM client_site a JOIN client_site b USING (site_id)
        WHERE a.client_id = one.client_id AND b.client_id = other.client_id
          AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))) AS site_id
FROM likeness one JOIN likeness other USING (digest)
WHERE one.client_id < other.client_id AND greatest(one.noted_at, other.noted_at) <= :moment
  AND NOT EXISTS (SELECT FROM doubles_judged judged WHERE judged.client_id = one.client_id
                    AND judged.other_client_id = other.client_id AND judged_at <= :moment)
GROUP BY 1, 2 ORDER BY 1, 2
"""
KINDS = (
    intake.ClientRegistered,
    intake.ClientAdmitted,
    intake.EpisodeClosed,
    intake.AssessmentCompleted,
    intake.DiagnosisRecorded,
    intake.DiagnosisEnded,
)


class SqlClients:
    """The Clients port on this service's tables and its published log."""

    def listed(self, tx: Transaction, wanted: ClientsWanted) -> Sequence[ClientTold]:
        after_at, after_id = wanted.after or (None, None)
        rows = tx.connection.execute(
            text(LISTED),
            {
                "site": wanted.site_id,
                "program": wanted.program_id,
                "sites": those_asked(wanted.sites),
                "active_only": wanted.active_only,
                "after_at": after_at,
                "after_id": after_id,
                "limit": wanted.limit,
            },
        ).all()
        programs = SqlPrograms().everywhere(tx)
        return [
            ClientTold(
                client_id=str(row.client_id),
                registered_at=row.at,
                stays=() if row.episode_id is None else (_stay_in(row, programs),),
            )
            for row in rows
        ]

    def read(self, tx: Transaction, client_id: str, until: datetime | None) -> ClientTold | None:
        registered: datetime | None = None
        closed_on: dict[str, date] = {}
        admissions: list[intake.ClientAdmitted] = []
        scores: list[ScoreTold] = []
        diagnoses: dict[tuple[int, date], tuple[str, date | None]] = {}
        for fact in public_facts(
            tx.connection, KINDS, subject=client_stream(client_id), until=until
        ):
            match fact.message:
                case intake.ClientRegistered():
                    registered = fact.signed_at
                case intake.ClientAdmitted() as admitted:
                    admissions.append(admitted)
                case intake.EpisodeClosed() as closed:
                    closed_on[closed.episode_id] = date_of(closed, "closed_on")
                case intake.AssessmentCompleted() as completed:
                    scores.append(_score(completed))
                case intake.DiagnosisRecorded() as recorded:
                    # A later fact of the same rank and date replaces the earlier one.
                    day = date_of(recorded, "effective_from")
                    diagnoses[recorded.rank, day] = (recorded.code, None)
                case intake.DiagnosisEnded() as ended:
                    last_day = date_of(ended, "last_day")
                    diagnoses |= {
                        at: (code, last_day)
                        for at, (code, _) in diagnoses.items()
                        if code == ended.code
                    }
        if registered is None:
            return None
        programs = SqlPrograms().of_sites(tx, {each.site_id for each in admissions})
        return ClientTold(
            client_id=client_id,
            registered_at=registered,
            stays=tuple(
                _stay_of(each, programs, closed_on.get(each.episode_id)) for each in admissions
            ),
            scores=tuple(sorted(scores, key=lambda each: each.completed_at)),
            diagnoses=tuple(
                (rank, day, code, last_day)
                for (rank, day), (code, last_day) in sorted(diagnoses.items(), key=lambda e: e[0])
                if last_day is None or last_day >= day
            ),
        )

    def sites(self, tx: Transaction, client_id: str) -> Collection[str]:
        return sites_of(tx, client_id)

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        return clocks_of(tx.connection, attendance.SiteOpened)

    def open_tasks(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenTask]:
        rows = tx.connection.execute(
            text(OPEN_TASKS),
            {
                "moment": asked.moment,
                "on": asked.on,
                "sites": [asked.site_id] if asked.site_id else those_asked(asked.sites),
            },
        )
        return [
            OpenTask(
                task_id=str(row.task_id),
                client_id=str(row.client_id),
                owner=row.owner,
                opened_at=row.opened_at,
                due_at=row.due_at,
                site_id="" if row.site_id is None else str(row.site_id),
            )
            for row in rows
        ]

    def open_doubles(self, tx: Transaction, asked: DueAsked) -> Sequence[OpenDoubles]:
        rows = tx.connection.execute(
            text(OPEN_DOUBLES),
            {
                "moment": asked.moment,
                "sites": [asked.site_id] if asked.site_id else those_asked(asked.sites),
            },
        )
        return [
            OpenDoubles(
                client_id=str(row.client_id),
                other_client_id=str(row.other_client_id),
                since=row.since,
                site_id=row.site_id or "",
            )
            for row in rows
        ]


def _stay_in(row: Any, programs: Programs) -> Stay:
    return Stay(
        episode_id=str(row.episode_id),
        site_id=str(row.site_id),
        **_program(str(row.program_id), programs),
        admitted_level=row.level_of_care,
        admitted_on=row.admitted_on,
        closed_on=row.closed_on,
        previous_episode_id="" if row.previous_episode_id is None else str(row.previous_episode_id),
    )


def _stay_of(admitted: intake.ClientAdmitted, programs: Programs, closed_on: date | None) -> Stay:
    return Stay(
        episode_id=admitted.episode_id,
        site_id=admitted.site_id,
        **_program(admitted.program.program_id, programs),
        admitted_level=admitted.level_of_care,
        admitted_on=date_of(admitted, "admitted_on"),
        closed_on=closed_on,
        previous_episode_id=admitted.previous_episode_id,
    )


def _program(program_id: str, programs: Programs) -> dict[str, Any]:
    """What it is, whatever the admission recorded."""
    known = programs.find(program_id)
    return {
        "program_id": program_id,
        "kind": "UNSPECIFIED" if known is None else known.kind,
        "under_part2": programs.is_under_part2(program_id),
    }


def _score(completed: intake.AssessmentCompleted) -> ScoreTold:
    return ScoreTold(
        assessment_id=completed.assessment_id,
        instrument=completed.instrument,
        total=completed.score,
        band=completed.band,
        partial=completed.partial,
        safety_flag=completed.safety_flag,
        completed_at=timestamp_of(completed, "completed_at"),
    )
