"""What intake brings to being verified: programs and payers are those that their owners told of,
and clients are found by what is sealed of them.
"""

from collections.abc import Iterator

from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.persons import ids_of_each
from kernel.messaging.public_facts import public_facts
from kernel.store.store import Transaction
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from services.intake.adapters import keyed_hashes, network, search_mending
from services.intake.adapters.publication import publish
from services.intake.adapters.search_mending import ClientTokens
from services.intake.adapters.search_tokens import OWNER, SearchTokens
from services.intake.app.streams import client_stream


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


def search_tokens_are_of_what_is_sealed(examination: Examination) -> Iterator[Finding]:
    """Each client is found by what is sealed of them now, at their sites, and by nothing else.

    Of whom a reaction that follows is due nothing can be said yet. Numbers are told, and nobody.
    """
    tx = Transaction(examination.store, examination.connection)
    client_ids = search_mending.clients_after(tx, None)
    if client_ids and not keyed_hashes.is_made(tx, OWNER):
        says = "the key of the search index is not there: nobody is found by what was entered"
        yield Finding("SEARCH_KEY_MISSING", OWNER, says)
        return
    hashed = SearchTokens(tx) if client_ids else None
    while client_ids and hashed is not None:
        persons = ids_of_each(tx.connection, client_ids)
        due = {row.subject for row in examination.rows(FOLLOWING, reactions=list(FOLLOWED_BY))}
        for tokens in search_mending.compared(tx, hashed, client_ids):
            examination.count()
            if due.isdisjoint(map(client_stream, persons[tokens.client_id])):
                yield from _differing(tokens)
        client_ids = search_mending.clients_after(tx, client_ids[-1])
    for client_id, count in search_mending.nobodys(tx):
        says = f"{count} tokens lead to a client whom nobody registered"
        yield Finding("SEARCH_TOKENS_OF_NOBODY", client_stream(client_id), says)


def _differing(tokens: ClientTokens) -> Iterator[Finding]:
    about = client_stream(tokens.client_id)
    if missing := len(tokens.wanted - tokens.kept):
        says = f"{missing} of {len(tokens.wanted)} tokens are not there"
        yield Finding("SEARCH_TOKENS_MISSING", about, says)
    if strange := len(tokens.kept - tokens.wanted):
        says = f"{strange} of {len(tokens.kept)} tokens are of nothing that is said of them now"
        yield Finding("SEARCH_TOKENS_STRANGE", about, says)


# Reactions by which the index follows.
FOLLOWED_BY = ("make_findable", "find_as_one", "find_as_two", "forget")
FOLLOWING = """
SELECT DISTINCT subject FROM due_reaction WHERE reaction = ANY(CAST(:reactions AS text[]))
"""
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
        Check(
            "search tokens are of what is sealed", "clients", search_tokens_are_of_what_is_sealed
        ),
    ),
)


def _words(kind: str, under_part2: bool) -> str:
    return f"{kind}, {'' if under_part2 else 'not '}under Part 2"
