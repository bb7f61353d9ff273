"""What billing brings to being verified: its promises about money, asked of its own record."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from kernel.facts import HeardFact, Recorded, id_of, kind_of
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from services.billing.adapters.checks_of_leaving import claims_left_on_their_permits
from services.billing.adapters.checks_of_members import a_member_is_billed_once
from services.billing.adapters.history import history_of
from services.billing.adapters.publication import publish
from services.billing.adapters.rows import content_of
from services.billing.app.batch import DOCUMENTS
from services.billing.domain.claims.issue import BatchIssued, ClaimIssued
from services.billing.domain.claims.promises import drafted_and_issued, overdrawn, two_per_diems
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.history.history import BillingHistory, ClaimLine
from services.billing.domain.projection import DRAFT_CLAIM

TOLD = (
    "billing.rule_set_confirmed.v1",
    "billing.authorization_recorded.v1",
    "billing.claim_issued.v1",
    "billing.claim_adjudicated.v1",
)
# As they were recorded; a command's facts are one step.
STEPS = (
    "SELECT id, stream, version, type, body, at, actor, command_id FROM fact"
    " WHERE type = ANY(CAST(:types AS text[]))"
    " ORDER BY (SELECT recorded_at FROM command WHERE command.id = fact.command_id),"
    " command_id, stream, version"
)


def nothing_is_overdrawn(examination: Examination) -> Iterator[Finding]:
    """After each command, no authorization had given more than it has."""
    said: set[str] = set()
    for client, history in _steps(examination):
        examination.count()
        for each in overdrawn(history):
            if each.authorization_id not in said:
                said.add(each.authorization_id)
                says = (
                    f"authorization {each.authorization_id} has {each.units} units, "
                    f"issued claims hold {each.taken}: {', '.join(each.claims)}"
                )
                yield Finding("AUTHORIZATION_OVERDRAWN", client, says)


def a_day_has_one_per_diem(examination: Examination) -> Iterator[Finding]:
    """Of one client, payer and date, the claims that stand bill one per diem."""
    for client, history in _now(examination).items():
        examination.count(len(history.issued))
        for twice in two_per_diems(history):
            says = f"{twice.code} more than once on {twice.service_date}: {', '.join(twice.claims)}"
            yield Finding("TWO_PER_DIEMS", client, says)


def nothing_issued_is_drafted(examination: Examination) -> Iterator[Finding]:
    """No draft bills a service that a claim in force has billed."""
    drafts: dict[str, dict[str, tuple[str, Sequence[ClaimLine]]]] = {}
    for row in examination.rows(
        "SELECT key, content FROM derived WHERE kind = :kind AND current AND NOT withdrawn",
        kind=DRAFT_CLAIM,
    ):
        examination.count()
        draft = content_of(DraftRow, row.content)
        drafts.setdefault(row.key, {})[draft.key] = (draft.payer_id, draft.lines)
    history = _now(examination)
    for client, of_client in sorted(drafts.items()):
        for twice in drafted_and_issued(
            history.get(client, BillingHistory(client_id=id_of(client))), of_client
        ):
            says = f"{twice.code} of {twice.service_date} again: {', '.join(twice.claims)}"
            yield Finding("DRAFTED_AND_ISSUED", client, says)


def files_are_as_issued(examination: Examination) -> Iterator[Finding]:
    """A batch's file has the hash that its fact carries, and its claims its count and total."""
    claims: dict[str, list[ClaimIssued]] = {}
    batches: list[BatchIssued] = []
    for recorded in _facts(examination, ("billing.claim_issued.v1", "billing.batch_issued.v1")):
        match recorded.fact:
            case ClaimIssued() as claim:
                claims.setdefault(claim.batch_id, []).append(claim)
            case BatchIssued() as batch:
                batches.append(batch)
    for batch in batches:
        examination.count()
        about = f"batch/{batch.batch_id}"
        issued = claims.get(batch.batch_id, [])
        total = sum(claim.charge_minor for claim in issued)
        if (len(issued), total) != (batch.claims, batch.charge_minor):
            says = f"says {batch.claims} claims of {batch.charge_minor} cents, "
            says += f"its claims are {len(issued)} of {total}"
            yield Finding("BATCH_OF_OTHER_CLAIMS", about, says)
        if batch.digest and batch.digest not in _digests(examination, batch):
            says = "its file has another hash than was recorded when it was issued"
            yield Finding("DOCUMENT_HASH", about, says)


SERVICE_CHECKS = ServiceChecks(
    publish=publish,
    checks=(
        Check("no authorization is overdrawn", "steps", nothing_is_overdrawn),
        Check("a day has one per diem", "claims", a_day_has_one_per_diem),
        Check("nothing issued is drafted again", "drafts", nothing_issued_is_drafted),
        Check("files are as they were issued", "batches", files_are_as_issued),
        Check("claims left on their permits", "claims", claims_left_on_their_permits),
        Check("a member is billed once", "claims", a_member_is_billed_once),
    ),
)


def _digests(examination: Examination, batch: BatchIssued) -> set[str]:
    rows = examination.rows(
        "SELECT digest FROM document WHERE owner = :owner AND kind = :kind",
        owner=f"batch/{batch.batch_id}",
        kind=DOCUMENTS[batch.claim_form],
    )
    return {bytes(row.digest).hex() for row in rows}


def _now(examination: Examination) -> Mapping[str, BillingHistory]:
    """Each client's history, whole."""
    return dict(_steps(examination))


def _steps(examination: Examination) -> Iterator[tuple[str, BillingHistory]]:
    """Client and what was known of it, after each command that concerned it."""
    shared: list[HeardFact] = []
    of_client: dict[str, list[HeardFact]] = {}
    for _, together in groupby(
        examination.paged(STEPS, types=list(TOLD)), key=lambda row: row.command_id
    ):
        changed: set[str] = set()
        for recorded in examination.recorded(together):
            for fact in _public(examination, recorded):
                if kind_of(fact.subject) == "client":
                    of_client.setdefault(fact.subject, []).append(fact)
                    changed.add(fact.subject)
                else:
                    shared.append(fact)
        for client in sorted(changed):
            yield client, history_of(client, {client: of_client[client], "": shared})


def _public(examination: Examination, recorded: Recorded) -> Iterator[HeardFact]:
    """As derivations read it, whatever was published of it."""
    for item in publish(recorded):
        yield HeardFact(
            id=item.id,
            topic=examination.store.topic,
            subject=item.subject,
            sequence=0,
            type=item.type,
            message=item.message,
            label=item.label,
            signed_at=recorded.at,
        )


def _facts(examination: Examination, types: Sequence[str]) -> Iterator[Recorded]:
    yield from examination.recorded(examination.paged(STEPS, types=list(types)))
