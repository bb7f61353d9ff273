"""The network as intake heard of it: sites, programs and staff of attendance, payers of billing."""

from collections.abc import Collection

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.common.v1 import common_pb2 as common

from kernel.facts import id_of
from kernel.mapping.fields import left_out
from kernel.mapping.reading import fact_reader
from kernel.messaging.public_facts import HeardCredentials, has_public_fact
from kernel.rpc.translate import required_enum
from kernel.store.store import Transaction
from services.intake.domain.episode import Program
from services.intake.domain.programs import Programs

OPENED = attendance.SiteOpened.DESCRIPTOR.full_name
PROGRAM_OPENED = attendance.ProgramOpened.DESCRIPTOR.full_name
to_program = fact_reader(common.Program, Program, kind=left_out(required_enum, "UNSPECIFIED"))
HEARD = """
SELECT type, body FROM heard_fact
WHERE type = ANY(CAST(:types AS text[])) AND {which} ORDER BY subject, sequence
"""

# The type as a literal: that is what the index of sites is for.
SITES = f"""
SELECT DISTINCT subject FROM heard_fact WHERE type = '{OPENED}' ORDER BY subject
"""  # noqa: S608 - a name of a message

CREDENTIALS = HeardCredentials(
    credentialed=attendance.StaffCredentialed,
    ended=attendance.CredentialEnded,
    opened=attendance.SiteOpened,
)


def is_payer_registered(tx: Transaction, payer_id: str) -> bool:
    return has_public_fact(tx.connection, billing.PayerRegistered, f"payer/{payer_id}")


def is_credentialed(tx: Transaction, person: str) -> bool:
    return bool(CREDENTIALS.of(tx, person))


def sites(tx: Transaction) -> list[str]:
    """All that were heard of."""
    return [id_of(subject) for subject in tx.execute(SITES).scalars()]


def programs(tx: Transaction, site_ids: Collection[str] | None = None) -> Programs:
    """Of these sites, or (None) of all, those that were heard of, with their programs."""
    which, subjects = "subject LIKE 'site/%'", {}
    if site_ids is not None:
        which = "subject = ANY(CAST(:subjects AS text[]))"
        subjects = {"subjects": [f"site/{site_id}" for site_id in site_ids]}
    rows = tx.execute(HEARD.format(which=which), types=[OPENED, PROGRAM_OPENED], **subjects)
    found: dict[str, dict[str, Program]] = {}
    for row in rows:
        if row.type == OPENED:
            found.setdefault(attendance.SiteOpened.FromString(bytes(row.body)).site_id, {})
            continue
        opened = attendance.ProgramOpened.FromString(bytes(row.body))
        # Opened once: of several facts about one program the first says what it is.
        found.setdefault(opened.site_id, {}).setdefault(
            opened.program.program_id,
            to_program(opened.program),
        )
    return Programs(found)
