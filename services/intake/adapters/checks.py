"""What intake brings to being verified: programs and payers are those that their owners told of."""

from collections.abc import Iterator

from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.public_facts import public_facts
from kernel.store.store import Transaction
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from services.intake.adapters import network
from services.intake.adapters.publication import publish


def episodes_are_of_their_programs(examination: Examination) -> Iterator[Finding]:
    """What an admission recorded of its program is what the program is, at that site.

    Nothing reads it any more: a finding says what was believed while the release before ran.
    """
    programs = network.programs(Transaction(examination.store, examination.connection))
    for row in examination.rows(
        "SELECT episode_id, site_id, program_id, program_kind, under_part2 FROM episode"
        " ORDER BY number"
    ):
        examination.count()
        about, program_id = f"episode/{row.episode_id}", str(row.program_id)
        program = programs.of_site.get(str(row.site_id), {}).get(program_id)
        if program is None:
            says = f"site/{row.site_id} has no program {program_id}: taken as under Part 2"
            yield Finding("PROGRAM_UNKNOWN", about, says)
        elif (program.kind, program.under_part2) != (row.program_kind, row.under_part2):
            said = _words(row.program_kind, row.under_part2)
            says = (
                f"recorded its program as {said}: it is {_words(program.kind, program.under_part2)}"
            )
            yield Finding("PROGRAM_DIFFERS", about, says)


def payers_are_registered(examination: Examination) -> Iterator[Finding]:
    """Consents, coverages and restrictions name payers that billing registered.

    A release before took any: a restriction that names another than was meant keeps nothing.
    """
    registered = {
        fact.message.payer_id
        for fact in public_facts(examination.connection, [billing.PayerRegistered])
    }
    for fact in public_facts(examination.connection, [kind for kind, *_ in NAMING_PAYERS]):
        examination.count()
        [(what, field)] = [
            naming for kind, *naming in NAMING_PAYERS if isinstance(fact.message, kind)
        ]
        payer_id = getattr(fact.message, field)
        if payer_id not in registered:
            named = f"{what}/{getattr(fact.message, f'{what}_id')}"
            yield Finding("PAYER_UNKNOWN", fact.subject, f"{named} names payer/{payer_id}")


# Kind → what it tells of, and its payer's field.
NAMING_PAYERS = (
    (intake.ConsentGiven, "consent", "recipient_payer_id"),
    (intake.CoverageVerified, "coverage", "payer_id"),
    (intake.DisclosureRestricted, "restriction", "payer_id"),
)
SERVICE_CHECKS = ServiceChecks(
    publish=publish,
    checks=(
        Check("episodes are of their programs", "episodes", episodes_are_of_their_programs),
        Check("payers are registered", "facts", payers_are_registered),
    ),
)


def _words(kind: str, under_part2: bool) -> str:
    return f"{kind}, {'' if under_part2 else 'not '}under Part 2"
