"""What a service knows from public facts, its own log's and others' that it heard.

Of subjects, of a client's sites, of staff's credentials and where sites are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.message import Message
from sqlalchemy import Connection

from kernel.credentials import (
    ACTS,
    NOWHERE,
    SEE_SCORES,
    Credential,
    Jurisdiction,
    ScoreReader,
    sees_clinical,
)
from kernel.messaging.amendments import AMENDED, standing_rows
from kernel.messaging.persons import Persons, persons_of
from kernel.rpc.translate import date_of, optional
from kernel.sites import Stay, sites_of_client, speaks_for
from kernel.store.statements import text
from kernel.store.store import Transaction

M = TypeVar("M", bound=Message)

# Own facts that projections use stand in both tables.
PUBLIC_FACTS = """
SELECT * FROM (
    SELECT id, subject, '' AS topic, sequence, type, body,
           coalesce(signed_at, recorded_at) AS signed_at,
           (SELECT actor FROM fact WHERE fact.command_id = own.command_id LIMIT 1) AS actor
    FROM {of_published} AS own
    UNION ALL
    SELECT id, subject, topic, sequence, type, body, coalesce(signed_at, recorded_at), NULL
    FROM {of_heard} AS heard
    WHERE NOT EXISTS (SELECT FROM published WHERE published.id = heard.id)
) AS public_fact
WHERE CAST(:until AS timestamptz) IS NULL OR signed_at <= :until
ORDER BY subject, topic, sequence
"""
OF_SUBJECTS = """(
    SELECT * FROM {log} WHERE type = ANY(CAST(:types AS text[]) || CAST(:amended AS text))
    AND subject = ANY(CAST(:subjects AS text[]))
)"""
# Of what was put right there is much, and little of it of whom a few kinds are about.
OF_ALL = """(
    SELECT * FROM {log} WHERE type = ANY(CAST(:types AS text[]))
    UNION ALL
    SELECT * FROM {log} WHERE type = :amended
    AND subject IN (SELECT subject FROM {log} WHERE type = ANY(CAST(:types AS text[])))
)"""
OF_STAFF = """
SELECT id, subject, sequence, type, body FROM heard_fact WHERE type IN ('{credentialed}', '{ended}')
UNION ALL
SELECT id, subject, sequence, type, body FROM heard_fact
WHERE type = '{amended}' AND subject LIKE 'staff/%'
ORDER BY subject, sequence
"""


@dataclass(frozen=True, slots=True)
class PublicFact:
    """A public fact, whom it is about (`client/<uuid>`), when its command was signed and by whom.

    `signed_by` empty: of another service's facts only the owner knows.
    """

    subject: str
    message: Any
    signed_at: datetime
    signed_by: str


def public_facts(
    connection: Connection,
    kinds: Iterable[type[Message]],
    *,
    subject: str = "",
    until: datetime | None = None,
) -> list[PublicFact]:
    """Facts of these kinds signed by `until` (None: all), of one subject or (empty) of every one.

    By subject, and within it log by log in sequence; as they stood by then. Of a client are those
    of every client of the person: asked for all, they are the survivor's.
    """
    by_type = {kind.DESCRIPTOR.full_name: kind for kind in kinds}
    persons = persons_of(connection, [subject] if subject else None, until)
    of_log = OF_SUBJECTS if subject else OF_ALL
    statement = PUBLIC_FACTS.format(
        of_published=of_log.format(log="published"), of_heard=of_log.format(log="heard_fact")
    )
    rows = connection.execute(
        text(statement),
        {"types": sorted(by_type), "amended": AMENDED, "until": until}
        | ({"subjects": list(persons.clients_of(subject))} if subject else {}),
    ).all()
    return [
        PublicFact(about, message, row.signed_at, row.actor or "")
        for about, row, message in _of_persons(
            persons, [subject] if subject else None, standing_rows(rows, by_type)
        )
    ]


def heard_facts(
    connection: Connection, kind: type[M], subjects: Iterable[str] | None
) -> list[tuple[str, M]]:
    """Subject and message of each fact of the kind, as it stands, in the order of its log.

    `subjects` None: of every one. Of a client are those of every client of the person: asked for
    all, they are the survivor's.
    """
    asked = None if subjects is None else sorted(set(subjects))
    persons = persons_of(connection, asked)
    rows = connection.execute(
        text(
            "SELECT id, topic, subject, type, body, coalesce(signed_at, recorded_at) AS signed_at"
            " FROM heard_fact WHERE type IN (:type, :amended)"
            " AND (CAST(:subjects AS text[]) IS NULL"
            "      OR subject = ANY(CAST(:subjects AS text[]))) ORDER BY subject, sequence"
        ),
        {
            "type": kind.DESCRIPTOR.full_name,
            "amended": AMENDED,
            "subjects": None
            if asked is None
            else sorted({one for each in asked for one in persons.clients_of(each)}),
        },
    ).all()
    by_type = {kind.DESCRIPTOR.full_name: kind}
    standing = standing_rows(rows, by_type)
    return [(about, message) for about, _, message in _of_persons(persons, asked, standing)]


def _of_persons(
    persons: Persons, asked: Iterable[str] | None, standing: Iterable[tuple[Any, M]]
) -> Iterator[tuple[str, Any, M]]:
    """Under each subject that was asked for what is said of the person; of all, the survivors'."""
    of_subject: dict[str, list[tuple[Any, M]]] = {}
    for row, message in standing:
        of_subject.setdefault(row.subject, []).append((row, message))
    if asked is None:
        asked = sorted({persons.survivor_of(subject) for subject in of_subject})
    for about in asked:
        said = [one for each in persons.clients_of(about) for one in of_subject.get(each, ())]
        for row, message in persons.as_one(said, _place):
            yield about, row, message


def _place(said: tuple[Any, Any]) -> tuple[str, str, datetime]:
    row, _ = said
    return row.topic, row.subject, row.signed_at


def has_public_fact(connection: Connection, kind: type[Message], subject: str) -> bool:
    """Whether a fact of the kind is known of the subject."""
    return bool(public_facts(connection, [kind], subject=subject))


def clocks_of(connection: Connection, opened: type[Message]) -> dict[str, str]:
    """Site → IANA time zone, of every site that was told to open by such a fact."""
    sites = (fact.message for fact in public_facts(connection, [opened]))
    return {site.site_id: zone_known(site.time_zone) for site in sites}


def zone_known(name: str) -> str:
    """The IANA time zone; UTC where this machine doesn't know it."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def sites_by_facts(
    connection: Connection,
    client_id: str,
    *,
    registered: type[Message] | None,
    admitted: type[Message],
    transferred: type[Message],
    ended: type[Message],
    on: str,
) -> frozenset[str]:
    """By these facts of the client: the `site_id` of a registration, an admission and a transfer,
    an end's day.

    `on` is the field with the day; `registered` None: only who was admitted is known here.
    """
    kinds = (*((registered,) if registered else ()), admitted, transferred, ended)
    registered_at: str | None = None
    admissions: list[Any] = []
    transfers: list[Any] = []
    ended_on: dict[str, date] = {}
    for fact in public_facts(connection, kinds, subject=f"client/{client_id}"):
        if isinstance(fact.message, admitted):
            admissions.append(fact.message)
        elif isinstance(fact.message, transferred):
            transfers.append(fact.message)
        elif isinstance(fact.message, ended):
            ended_on[fact.message.episode_id] = date_of(fact.message, on)  # type: ignore[attr-defined]
        else:
            registered_at = fact.message.site_id
    stays = [
        Stay(
            site_ids=frozenset(
                place.site_id
                for place in (admission, *transfers)
                if place.episode_id == admission.episode_id
            ),
            closed_on=ended_on.get(admission.episode_id),
        )
        for admission in admissions
    ]
    return sites_of_client(stays, registered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardCredentials:
    """What was heard of staff, and of where they act, by these facts of staff members and sites."""

    credentialed: type[Message]
    ended: type[Message]
    opened: type[Message]

    def of(self, tx: Transaction, person: str) -> Sequence[Credential]:
        """Those that are for the token of this subject.

        As they stand. An end is about what was told before it, of the same kind and state; of
        several the last one counts. The types stand in the statement as literals: that is what
        indexes of them are for.
        """
        of_staff: dict[str, list[tuple[Any, date | None]]] = {}
        credentialed, ended = self.credentialed.DESCRIPTOR, self.ended.DESCRIPTOR
        statement = OF_STAFF.format(
            credentialed=credentialed.full_name, ended=ended.full_name, amended=AMENDED
        )
        by_type = {kind.DESCRIPTOR.full_name: kind for kind in (self.credentialed, self.ended)}
        for row, message in standing_rows(tx.execute(statement).all(), by_type):
            held = of_staff.setdefault(row.subject, [])
            if row.type == credentialed.full_name:
                held.append((message, None))
                continue
            end: Any = message
            last_day = date_of(end, "last_day")
            held[:] = [
                (fact, last_day if _kind(fact) == _kind(end) else before) for fact, before in held
            ]
        return [
            _credential(fact, last_day)
            for subject, held in of_staff.items()
            for fact, last_day in held
            if person == (fact.token_subject or subject)
        ]

    def jurisdiction(self, tx: Transaction, site_id: str) -> Jurisdiction:
        """The site's; of one that was not heard of: NOWHERE."""
        facts = public_facts(tx.connection, (self.opened,), subject=f"site/{site_id}")
        if not facts:
            return NOWHERE
        site = facts[-1].message
        return Jurisdiction(state=site.address.state, time_zone=zone_known(site.time_zone))

    def sees_scores(self, tx: Transaction, reader: ScoreReader, sites: Iterable[str]) -> bool:
        """Whether scores of a client of these sites, and what is concluded from them, are told.

        To a clinician with a credential for it, valid today where one of the sites is that the
        token speaks for. A client whom no site has is nowhere: a credential valid anywhere counts
        there too.
        """
        if not sees_clinical(reader.roles):
            return False
        here = [
            self.jurisdiction(tx, site_id) for site_id in sites if speaks_for(reader.sites, site_id)
        ]
        return any(
            held.abbreviation in ACTS[SEE_SCORES]
            and held.is_valid(where.day(reader.now), where.state)
            for held in self.of(tx, reader.person)
            for where in here or [NOWHERE]
        )


def _credential(fact: Any, ended: date | None) -> Credential:
    credential = Credential(
        text=fact.credential,
        effective_from=date_of(fact, "effective_from"),
        effective_to=optional(date_of, fact, "effective_to"),
        type=_type_of(fact),
        state=fact.state,
    )
    if ended is None:
        return credential
    return replace(credential, effective_to=min(credential.effective_to or ended, ended))


def _kind(fact: Any) -> tuple[str, str]:
    """What an end names: the abbreviation, and the state."""
    return _type_of(fact) or fact.credential.strip().upper(), fact.state


def _type_of(fact: Any) -> str:
    """Its abbreviation; empty: none was told. One of a later release is for nothing here."""
    if not fact.type:
        return ""
    names = fact.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
    name = names.get(fact.type)
    return str(name.name).removeprefix("CREDENTIAL_TYPE_") if name else str(fact.type)
