"""What a service knows of subjects from public facts: its own log's, and others' that it heard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.message import Message
from sqlalchemy import Connection, text

# Own facts that projections use stand in both tables.
PUBLIC_FACTS = """
SELECT * FROM (
    SELECT subject, '' AS topic, sequence, type, body,
           coalesce(signed_at, recorded_at) AS signed_at,
           (SELECT actor FROM fact WHERE fact.command_id = published.command_id LIMIT 1) AS actor
    FROM published WHERE type = ANY(CAST(:types AS text[])) {of_subject}
    UNION ALL
    SELECT subject, topic, sequence, type, body, coalesce(signed_at, recorded_at), NULL
    FROM heard_fact AS heard WHERE type = ANY(CAST(:types AS text[])) {of_subject}
      AND NOT EXISTS (SELECT FROM published WHERE published.id = heard.id)
) AS public_fact
WHERE CAST(:until AS timestamptz) IS NULL OR signed_at <= :until
ORDER BY subject, topic, sequence
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

    By subject, and within it log by log in sequence.
    """
    by_type = {kind.DESCRIPTOR.full_name: kind for kind in kinds}
    statement = PUBLIC_FACTS.format(of_subject="AND subject = :subject" if subject else "")
    rows = connection.execute(
        text(statement),
        {"types": sorted(by_type), "until": until} | ({"subject": subject} if subject else {}),
    )
    return [
        PublicFact(
            row.subject,
            by_type[row.type].FromString(bytes(row.body)),
            row.signed_at,
            row.actor or "",
        )
        for row in rows
    ]


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
