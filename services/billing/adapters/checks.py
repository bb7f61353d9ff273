"""What billing brings to being verified: its promises about money, asked of its own record."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations, groupby
from typing import TypeVar
from uuid import UUID

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.decider import filled
from kernel.facts import HeardFact, Recorded, id_of, kind_of
from kernel.keys.ports import KeyLost, MasterKeyMissing
from kernel.keys.sealing import Unsealable
from kernel.messaging.amendments import AMENDED
from kernel.messaging.amendments import history_of as as_it_stood
from kernel.messaging.persons import persons_of
from kernel.rpc.translate import date_of
from kernel.store.documents import Documents
from kernel.store.published import epoch_of
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from services.billing.adapters.history import history_of
from services.billing.adapters.members import apart_of, keys_of
from services.billing.adapters.publication import publish
from services.billing.adapters.rows import content_of
from services.billing.app.batch import DOCUMENTS
from services.billing.app.batch_file import put_together
from services.billing.domain.claims.claim import ClaimReplaced, ClaimVoided
from services.billing.domain.claims.issue import BatchIssued, ClaimIssued
from services.billing.domain.claims.members import Members, dates_of
from services.billing.domain.claims.promises import drafted_and_issued, overdrawn, two_per_diems
from services.billing.domain.claims.restore import FIRST_EPOCH
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.history.history import BillingHistory, ClaimLine
from services.billing.domain.projection import DRAFT_CLAIM
from services.billing.domain.x12.t837.claim import ClaimFrequency

M = TypeVar("M")

ISSUED = "billing.claim_issued.v1"
AMENDS = "billing.statement_amended.v1"
TOLD = (
    AMENDS,
    "billing.rule_set_confirmed.v1",
    "billing.authorization_recorded.v1",
    ISSUED,
    "billing.claim_adjudicated.v1",
)
OF_PERMITS = (intake.ConsentGiven, intake.ConsentRevoked, intake.DisclosureRestricted)
BY_STREAM = (
    "SELECT id, stream, version, type, body, at, actor FROM fact"
    " WHERE type = ANY(CAST(:types AS text[])) ORDER BY stream, version"
)
# As they were recorded; a command's facts are one step.
STEPS = (
    "SELECT id, stream, version, type, body, at, actor, command_id FROM fact"
    " WHERE type = ANY(CAST(:types AS text[]))"
    " ORDER BY (SELECT recorded_at FROM command WHERE command.id = fact.command_id),"
    " command_id, stream, version"
)


def nothing_is_overdrawn(examination: Examination) -> Iterator[Finding]:
    """After each command, no authorization had given more than it has.

    One that a payer cut below what had left, or took back, gives no more than it had given then.
    """
    said: set[str] = set()
    cut: dict[str, int] = {}
    for client, history, told in _steps(examination):
        examination.count()
        for overdraft in overdrawn(history):
            given = max(
                overdraft.taken if AMENDS in told else 0, cut.get(overdraft.authorization_id, 0)
            )
            cut[overdraft.authorization_id] = given
            if overdraft.authorization_id not in said and overdraft.taken > given:
                said.add(overdraft.authorization_id)
                says = (
                    f"authorization {overdraft.authorization_id} has {overdraft.units} units, "
                    f"issued claims hold {overdraft.taken}: {', '.join(overdraft.claims)}"
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
    for recorded in _facts(examination, [ISSUED, "billing.batch_issued.v1"], STEPS):
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
        if batch.digest and not _is_as_issued(examination, batch):
            says = "its file has another hash than was recorded when it was issued"
            yield Finding("DOCUMENT_HASH", about, says)


def claims_left_on_their_permits(examination: Examination) -> Iterator[Finding]:
    """What intake's log said before the permit, and what was heard of it, must let the claim go.

    A claim of before permits is judged by the time at which it was issued.
    """
    heard = _heard(examination)
    ever_merged = bool(persons_of(examination.connection, None).linked)
    heads = {
        id_of(row.subject): row.sequence
        for row in examination.rows(
            "SELECT subject, sequence FROM heard_head WHERE topic = :topic",
            topic=intake.DESCRIPTOR.package,
        )
    }
    for recorded in _facts(examination, [ISSUED]):
        examination.count()
        claim: ClaimIssued = recorded.fact
        about = f"client/{claim.client_id}"
        if claim.permit_sequence > heads.get(claim.client_id, 0):
            says = f"claim {claim.claim_id} left on permit {claim.permit_id}, which knew "
            says += f"{claim.permit_sequence} facts of intake's; fewer were heard"
            yield Finding("PERMIT_NOT_HEARD", about, says)
        elif (heard_as := _heard_as(examination, claim)) not in (None, claim.permit_fact_id):
            says = f"claim {claim.claim_id} left on permit {claim.permit_id}, which knew "
            says += f"{claim.permit_fact_id} as number {claim.permit_sequence}; heard is {heard_as}"
            yield Finding("PERMIT_OF_ANOTHER_HISTORY", about, says)
        ids = [claim.client_id]
        if ever_merged:  # as whom the person was known when it left
            subject = f"client/{claim.client_id}"
            persons = persons_of(examination.connection, [subject], recorded.at)
            ids = [id_of(client) for client in persons.clients_of(subject)]
        said = [fact for each in ids for fact in heard[each] if _is_before(fact, recorded)]
        before = as_it_stood({"": said}, examination.subscriptions.decode)[""]
        if says := _revoked(claim, before, recorded.at.date()):
            yield Finding("LEFT_WITHOUT_CONSENT", about, says)
        if says := _restricted(claim, before):
            yield Finding("LEFT_RESTRICTED", about, says)


def a_member_is_billed_once(examination: Examination) -> Iterator[Finding]:
    """Claims that stand are joined by payer, member and date; two clients of one are one too many.

    A claim is every key's that its client was recognised by: its number may have been corrected
    since. Two clients are two people where a named person judged so.
    """
    persons = persons_of(examination.connection, None)
    members = Members(
        keys=keys_of(examination.connection, None),
        apart=apart_of(examination.connection, None),
        survivors={id_of(one): id_of(persons.survivor_of(one)) for one in persons.into},
    )
    billed: dict[tuple[str, str, date], dict[str, str]] = {}
    for claim in _standing(examination):
        for key in members.keys_of(members.survivors.get(claim.client_id, claim.client_id)):
            for on in dates_of(claim):
                of_member = billed.setdefault((claim.payer_id, key, on), {})
                of_member.setdefault(claim.client_id, claim.claim_id)
    twice: dict[tuple[date, str, str], str] = {}  # once, of however many keys they share
    for (_, _, on), claims in sorted(billed.items()):
        for one, other in combinations(sorted(claims), 2):
            if members.are_one(one, other):
                twice[on, one, other] = f"claims {claims[one]}, {claims[other]}"
    for (on, one, other), both in sorted(twice.items()):
        says = f"{on} is billed of client {other} too, who is the same member: {both}"
        yield Finding("MEMBER_BILLED_TWICE", f"client/{one}", says)


def a_restore_is_reconciled(examination: Examination) -> Iterator[Finding]:
    """Claims aren't held: a named person said what had left before the database was restored."""
    examination.count()
    epoch = epoch_of(examination.connection)
    said = _facts(examination, ["billing.reconciled.v1"])
    if epoch != FIRST_EPOCH and epoch not in {recorded.fact.epoch for recorded in said}:
        says = "the database was restored, and nobody said what had left before: claims are held"
        yield Finding("RESTORED_NOT_RECONCILED", f"epoch {epoch}", says)


SERVICE_CHECKS = ServiceChecks(
    publish=publish,
    checks=(
        Check("no authorization is overdrawn", "steps", nothing_is_overdrawn),
        Check("a day has one per diem", "claims", a_day_has_one_per_diem),
        Check("nothing issued is drafted again", "drafts", nothing_issued_is_drafted),
        Check("files are as they were issued", "batches", files_are_as_issued),
        Check("claims left on their permits", "claims", claims_left_on_their_permits),
        Check("a member is billed once", "claims", a_member_is_billed_once),
        Check("a restore is reconciled", "epochs", a_restore_is_reconciled),
    ),
)


def _is_as_issued(examination: Examination, batch: BatchIssued) -> bool:
    """Whether the file has its hash; of one that names somebody who was forgotten nobody knows."""
    owner, kind = f"batch/{batch.batch_id}", DOCUMENTS[batch.claim_form]
    try:
        documents = Documents(examination.connection, examination.store.vault)
        document = documents.open(owner, kind)
        if document is None:
            return examination.is_forgotten(owner)
        file = put_together(examination.store.vault, batch.batch_id, document.content)
    except (Unsealable, KeyLost, MasterKeyMissing):
        return False
    digest = examination.store.vault.digest(file.content).hex()
    return bool(file.forgotten_claims) or digest == batch.digest


def _now(examination: Examination) -> Mapping[str, BillingHistory]:
    """Each client's history, whole."""
    return {client: history for client, history, _ in _steps(examination)}


def _steps(examination: Examination) -> Iterator[tuple[str, BillingHistory, set[str]]]:
    """Client and what was known of it, after each command that concerned it, and what that told."""
    shared: list[HeardFact] = []
    of_client: dict[str, list[HeardFact]] = {}
    for _, together in groupby(
        examination.paged(STEPS, types=list(TOLD)), key=lambda row: row.command_id
    ):
        changed: set[str] = set()
        rows = list(together)
        told = {row.type for row in rows}
        for recorded in examination.recorded(rows):
            for fact in _public(examination, recorded):
                if kind_of(fact.subject) == "client":
                    of_client.setdefault(fact.subject, []).append(fact)
                    changed.add(fact.subject)
                else:
                    shared.append(fact)
        for client in sorted(changed):
            stands = as_it_stood(
                {client: of_client[client], "": shared}, examination.subscriptions.decode
            )
            yield client, history_of(client, stands), told


def _public(examination: Examination, recorded: Recorded) -> Iterator[HeardFact]:
    """As derivations read it, whatever was published of it."""
    for item in publish(recorded):
        yield filled(
            HeardFact, item, topic=examination.store.topic, sequence=0, signed_at=recorded.at
        )


def _facts(
    examination: Examination, types: Sequence[str], statement: str = BY_STREAM
) -> Iterator[Recorded]:
    yield from examination.recorded(examination.paged(statement, types=list(types)))


def _heard_as(examination: Examination, claim: ClaimIssued) -> str | None:
    """Id of the fact that stands where the permit's last one did; None: nobody kept it, or told."""
    if not claim.permit_fact_id:
        return None
    place = {
        "topic": intake.DESCRIPTOR.package,
        "subject": f"client/{claim.client_id}",
        "sequence": claim.permit_sequence,
    }
    found = examination.rows(
        "SELECT id FROM heard_fact WHERE (topic, subject, sequence) = (:topic, :subject, :sequence)"
        " UNION ALL SELECT id FROM heard_head"
        " WHERE (topic, subject, sequence) = (:topic, :subject, :sequence)",
        **place,
    )
    return str(found[0].id) if found else None


def _is_before(fact: HeardFact, issued: Recorded) -> bool:
    claim: ClaimIssued = issued.fact
    if claim.permit_id and id_of(fact.subject) == claim.client_id:
        return fact.sequence <= claim.permit_sequence
    return fact.signed_at <= issued.at


def _revoked(claim: ClaimIssued, before: Sequence[HeardFact], on: date) -> str:
    if not claim.consent_id:
        return ""
    about = f"claim {claim.claim_id} left on consent {claim.consent_id}"
    for fact_id, revoked in _of(before, intake.ConsentRevoked):
        if revoked.consent_id == claim.consent_id and date_of(revoked, "revoked_on") <= on:
            return f"{about}, revoked before by fact {fact_id}"
    given = {message.consent_id for _, message in _of(before, intake.ConsentGiven)}
    if claim.permit_id and claim.consent_id not in given:
        return f"{about}, which was not given before its permit {claim.permit_id}"
    return ""


def _restricted(claim: ClaimIssued, before: Sequence[HeardFact]) -> str:
    """Of a date that the client kept from the payer; a void takes back what was told of it."""
    if claim.frequency == ClaimFrequency.VOID:
        return ""
    dates = {line.service_date for line in claim.lines}
    for fact_id, restricted in _of(before, intake.DisclosureRestricted):
        first, last = date_of(restricted, "from"), date_of(restricted, "to")
        if restricted.payer_id == claim.payer_id and any(first <= on <= last for on in dates):
            return f"claim {claim.claim_id} tells a date that was restricted before, by {fact_id}"
    return ""


def _of(facts: Sequence[HeardFact], kind: type[M]) -> list[tuple[UUID, M]]:
    """Ids and messages of one kind."""
    return [(fact.id, fact.message) for fact in facts if isinstance(fact.message, kind)]


def _heard(examination: Examination) -> Mapping[str, list[HeardFact]]:
    """Client → what was heard of them that a permit rests on."""
    found: dict[str, list[HeardFact]] = defaultdict(list)
    for row in examination.paged(
        "SELECT * FROM heard_fact WHERE type = ANY(CAST(:types AS text[]))"
        " ORDER BY subject, sequence",
        types=sorted({AMENDED, *(kind.DESCRIPTOR.full_name for kind in OF_PERMITS)}),
    ):
        message = examination.subscriptions.decode(row.type, bytes(row.body))
        found[id_of(row.subject)].append(filled(HeardFact, row, message=message))
    return found


def _standing(examination: Examination) -> list[ClaimIssued]:
    issued: list[ClaimIssued] = []
    followed: set[str] = set()
    types = [ISSUED, "billing.claim_replaced.v1", "billing.claim_voided.v1"]
    for recorded in _facts(examination, types):
        match recorded.fact:
            case ClaimIssued() as claim:
                examination.count()
                issued.append(claim)
            case ClaimReplaced() | ClaimVoided() as follows:
                followed.add(follows.claim_id)
    return [
        claim
        for claim in issued
        if claim.frequency != ClaimFrequency.VOID and claim.claim_id not in followed
    ]
