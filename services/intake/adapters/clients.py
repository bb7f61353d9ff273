"""Clients as tables and public facts show them; no document is opened."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.due import Due, DueAsked, DueKind, at_each_site
from kernel.facts import id_of
from kernel.mapping.reading import fact_reader, named
from kernel.messaging.persons import persons_of
from kernel.messaging.public_facts import clocks_of, public_facts
from kernel.refusal import Unknown
from kernel.rpc.translate import date_of
from kernel.sites import EVERY_SITE, speaks_for, those_asked
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.adapters import network
from services.intake.app.streams import client_stream
from services.intake.domain.episode import Program
from services.intake.domain.programs import Programs

# A client's first fact is the registration. Of several episodes an open one comes first.
# `absorbed`, `survivors`: of merged clients one stands for the person, with what is all of theirs.
MERGED = """
WITH merged AS (
    SELECT * FROM unnest(CAST(:absorbed AS uuid[]), CAST(:survivors AS uuid[]))
        AS x(client_id, survivor_id)
)
"""
LISTED = "".join(
    (
        MERGED,
        """
SELECT client.client_id, client.at, newest.*
FROM (SELECT CAST(substr(stream, 8) AS uuid) AS client_id, at FROM fact
      WHERE stream LIKE 'client/%' AND version = 1) AS client
LEFT JOIN LATERAL (
    SELECT episode_id, site_id, program_id, level_of_care, admitted_on, closed_on,
           previous_episode_id
    FROM episode
    WHERE (episode.client_id = client.client_id OR episode.client_id IN (
           SELECT client_id FROM merged WHERE survivor_id = client.client_id))
      AND (:site = '' OR CAST(site_id AS text) = :site)
      AND (:program = '' OR CAST(program_id AS text) = :program)
      AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[]))
           OR (SELECT bool_or(stay.site_id = ANY(CAST(:sites AS uuid[]))) FROM stay
               WHERE stay.episode_id = episode.episode_id))
    ORDER BY closed_on IS NOT NULL, number DESC LIMIT 1) AS newest ON true
WHERE ((:site = '' AND :program = '') OR newest.episode_id IS NOT NULL)
  AND (NOT :active_only OR (newest.episode_id IS NOT NULL AND newest.closed_on IS NULL))
  AND (CAST(:sites AS uuid[]) IS NULL OR EXISTS (
       SELECT FROM client_site WHERE (client_site.client_id = client.client_id
           OR client_site.client_id IN (
              SELECT client_id FROM merged WHERE survivor_id = client.client_id))
         AND site_id = ANY(CAST(:sites AS uuid[]))))
  AND NOT EXISTS (SELECT FROM merged WHERE merged.client_id = client.client_id)
  AND (client.at, client.client_id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))
ORDER BY client.at, client.client_id LIMIT :limit
""",
    )
)
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
OPEN_DOUBLES = "".join(
    (
        MERGED,
        """, likely AS (
    SELECT coalesce(survivor_id, likeness.client_id) AS client_id, digest, noted_at
    FROM likeness LEFT JOIN merged USING (client_id)
)
SELECT one.client_id, other.client_id AS other_client_id,
       min(greatest(one.noted_at, other.noted_at)) AS since,
       (SELECT min(CAST(site_id AS text)) FROM client_site a JOIN client_site b USING (site_id)
        WHERE a.client_id = one.client_id AND b.client_id = other.client_id
          AND (CAST(:sites AS uuid[]) IS NULL OR site_id = ANY(CAST(:sites AS uuid[])))) AS site_id
FROM likely one JOIN likely other USING (digest)
WHERE one.client_id < other.client_id AND greatest(one.noted_at, other.noted_at) <= :moment
  AND NOT EXISTS (SELECT FROM doubles_judged judged WHERE judged.client_id = one.client_id
                    AND judged.other_client_id = other.client_id AND judged_at <= :moment)
GROUP BY 1, 2 ORDER BY 1, 2
""",
    )
)
BEFORE_ALL = ("-infinity", "00000000-0000-0000-0000-000000000000")
KINDS = (
    intake.ClientRegistered,
    intake.ClientAdmitted,
    intake.ClientTransferred,
    intake.EpisodeClosed,
    intake.AssessmentCompleted,
    intake.DiagnosisRecorded,
    intake.DiagnosisEnded,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEpisode:
    """An episode as intake knows it; `closed_on` None: open.

    At the site and in the program to which it was transferred last. `program`: what it is, whatever
    the admission recorded.
    """

    episode_id: str
    site_id: str
    program: Program
    admitted_level: str
    admitted_on: date
    closed_on: date | None = None
    previous_episode_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentScore:
    """What a scorer made of an instrument's answers."""

    assessment_id: str
    instrument: str
    total: int
    band: str
    partial: bool
    safety_flag: bool
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveDiagnosis:
    """From its first day on, to its last if it was ended."""

    code: str
    rank: int
    effective_from: date
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A client; `episodes` in order of admission, `diagnoses` by rank and first day.

    `client_ids`: of the whole person, the survivor first, whose registration it is; of one who is
    read alone.
    """

    client_id: str
    registered_at: datetime
    client_ids: tuple[str, ...] = ()
    episodes: tuple[ClientEpisode, ...] = ()
    scores: tuple[AssessmentScore, ...] = ()
    diagnoses: tuple[EffectiveDiagnosis, ...] = ()

    @property
    def newest_episode(self) -> ClientEpisode | None:
        return self.episodes[-1] if self.episodes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsQuery:
    """A page of clients by registration; empty fields ask for all. `after`: where one ended.

    `sites`: whose clients the asker is told of, with their newest episode there.
    """

    site_id: str = ""
    program_id: str = ""
    active_only: bool = False
    sites: frozenset[str] = frozenset({EVERY_SITE})
    after: tuple[datetime, str] | None = None
    limit: int = 200


to_score = fact_reader(intake.AssessmentCompleted, AssessmentScore, total=named("score"))
to_diagnosis = fact_reader(intake.DiagnosisRecorded, EffectiveDiagnosis, last_day=None)
to_episode = fact_reader(
    intake.ClientAdmitted,
    ClientEpisode,
    given=("site_id", "program", "closed_on"),
    admitted_level=named("level_of_care"),
)


def clients(tx: Transaction, query: ClientsQuery) -> list[ClientRecord]:
    """A page, each with its newest episode of those wanted, if any; no scores, no diagnoses."""
    after_at, after_id = query.after or BEFORE_ALL
    rows = tx.execute(
        LISTED,
        **_merged(tx),
        site=query.site_id,
        program=query.program_id,
        sites=those_asked(query.sites),
        active_only=query.active_only,
        after_at=after_at,
        after_id=after_id,
        limit=query.limit,
    ).all()
    programs = network.programs(tx)
    return [
        ClientRecord(
            client_id=str(row.client_id),
            registered_at=row.at,
            episodes=() if row.episode_id is None else (_episode_in(row, programs),),
        )
        for row in rows
    ]


def client(
    tx: Transaction, client_id: str, until: datetime | None, sites: Collection[str]
) -> ClientRecord:
    """All of one, and of whoever is the same person, with the episodes that are, or were, at these
    sites, as it was signed by then.

    Refuses a client who was not registered by then (Unknown).
    """
    subject = client_stream(client_id)
    client_ids = tuple(map(id_of, persons_of(tx.connection, [subject], until).clients_of(subject)))
    registered: datetime | None = None
    closed_on: dict[str, date] = {}
    admissions: list[intake.ClientAdmitted] = []
    transfers: list[intake.ClientTransferred] = []
    scores: list[AssessmentScore] = []
    diagnoses: dict[tuple[int, date], EffectiveDiagnosis] = {}
    for fact in public_facts(tx.connection, KINDS, subject=subject, until=until):
        match fact.message:
            case intake.ClientRegistered() as said if said.client_id == client_ids[0]:
                registered = fact.signed_at
            case intake.ClientAdmitted() as admitted:
                admissions.append(admitted)
            case intake.ClientTransferred() as transferred:
                transfers.append(transferred)
            case intake.EpisodeClosed() as closed:
                closed_on[closed.episode_id] = date_of(closed, "closed_on")
            case intake.AssessmentCompleted() as completed:
                scores.append(to_score(completed))
            case intake.DiagnosisRecorded() as recorded:
                # A later fact of the same rank and date replaces the earlier one.
                diagnosis = to_diagnosis(recorded)
                diagnoses[diagnosis.rank, diagnosis.effective_from] = diagnosis
            case intake.DiagnosisEnded() as ended:
                last_day = date_of(ended, "last_day")
                diagnoses |= {
                    at: replace(diagnosis, last_day=last_day)
                    for at, diagnosis in diagnoses.items()
                    if diagnosis.code == ended.code
                }
    if registered is None:
        raise Unknown("client", client_id)
    transfers.sort(key=lambda transferred: date_of(transferred, "transferred_on"))
    places: dict[str, list[intake.ClientAdmitted | intake.ClientTransferred]] = {
        admitted.episode_id: [
            admitted,
            *(moved for moved in transfers if moved.episode_id == admitted.episode_id),
        ]
        for admitted in admissions
    }
    every_site = {place.site_id for of_episode in places.values() for place in of_episode}
    programs = network.programs(tx, every_site)
    return ClientRecord(
        client_id=client_id,
        registered_at=registered,
        client_ids=client_ids,
        episodes=tuple(
            to_episode(
                admitted,
                site_id=places[admitted.episode_id][-1].site_id,
                program=_program(places[admitted.episode_id][-1].program.program_id, programs),
                closed_on=closed_on.get(admitted.episode_id),
            )
            for admitted in admissions
            if any(speaks_for(sites, place.site_id) for place in places[admitted.episode_id])
        ),
        scores=tuple(sorted(scores, key=lambda score: score.completed_at)),
        diagnoses=tuple(
            diagnosis
            for _, diagnosis in sorted(diagnoses.items(), key=lambda item: item[0])
            if (diagnosis.last_day or date.max) >= diagnosis.effective_from
        ),
    )


def due(tx: Transaction, asked: DueAsked) -> list[Due]:
    """Open safety tasks, by the moment: each the matter of who scored, or of another clinician.

    And clients who may be one person, at a site of both; of no such site, told to `*` alone.
    """

    def find(there: DueAsked) -> Iterator[Due]:
        moment = there.moment
        sites = [there.site_id] if there.site_id else those_asked(there.sites)
        for task in tx.execute(OPEN_TASKS, moment=moment, on=there.on, sites=sites):
            yield Due(
                kind=DueKind.CLOSE_SAFETY_TASK,
                about_id=str(task.task_id),
                client_id=str(task.client_id),
                site_id=str(task.site_id or ""),
                person=task.owner,
                roles=("clinician",),
                since=there.day_of(task.opened_at),
                until=there.day_of(task.due_at),
                due_at=task.due_at,
            )
        for pair in tx.execute(OPEN_DOUBLES, moment=moment, sites=sites, **_merged(tx)):
            yield Due(
                kind=DueKind.JUDGE_DOUBLES,
                about_id=str(pair.other_client_id),
                client_id=str(pair.client_id),
                site_id=pair.site_id or "",
                roles=("front_desk", "biller"),
                since=there.day_of(pair.since),
                detail=f"may be {pair.other_client_id}",
            )

    return at_each_site(asked, clocks_of(tx.connection, attendance.SiteOpened), find)


def _merged(tx: Transaction) -> dict[str, list[str]]:
    """Each client who was absorbed, and the survivor."""
    persons = persons_of(tx.connection, None)
    return {
        "absorbed": [id_of(client) for client in persons.into],
        "survivors": [id_of(persons.survivor_of(client)) for client in persons.into],
    }


def _episode_in(row: Any, programs: Programs) -> ClientEpisode:
    program = _program(str(row.program_id), programs)
    return from_row(ClientEpisode, row, program=program, admitted_level=row.level_of_care)


def _program(program_id: str, programs: Programs) -> Program:
    """What it is, whatever the admission recorded; nobody told of it: absence is no permission."""
    found = programs.find(program_id)
    return found or Program(program_id=program_id, kind="UNSPECIFIED", under_part2=True)
