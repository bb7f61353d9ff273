"""Issuing claims: intake is asked for identities; then, in one transaction, gates, facts, file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kernel.execute import Book, Outcome, record
from kernel.facts import Recorded
from kernel.messaging.standing import wait_until_heard
from kernel.refusal import Unknown
from kernel.store.store import Context, Transaction
from services.billing.app.ports import Drafts, Files, Filing, Identities, People
from services.billing.app.use_cases import authorization_document
from services.billing.domain.issue import (
    BatchIssued,
    ClaimIssued,
    Draft,
    LeftOut,
    claims_of,
    disclosure_gate,
)
from services.billing.domain.payer import PAYER, PayerRegistered
from services.billing.domain.provider import PROVIDER, ProviderRegistered

DOCUMENT = "837p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """What issuing needs beside the book."""

    drafts: Drafts
    identities: Identities
    files: Files


def issue_claims(
    book: Book, issuing: Issuing, payer_id: str, through: date, context: Context
) -> Outcome:
    """Issues every draft of the payer whose period ended by `through`, in one file.

    Who can't be issued is left out by name of the reason: something of the client parked, behind
    or due (NOT_SETTLED); no consent or coverage now (intake's reasons); past the filing limit; a
    form that isn't written yet; or a claim no payer would take (INVALID_…, the scrub's code).
    """
    if (outcome := book.remembered(context)) is not None:
        return outcome
    wait_until_heard(book.store, context.after, context.deadline)
    with book.store.transaction() as tx:
        asked = issuing.drafts.of_payer(tx, payer_id, through)
    clients = sorted({draft.client_id for draft in asked})
    people = issuing.identities(clients, payer_id, context.now.date())

    def decide(tx: Transaction) -> Sequence[Recorded]:
        payer = PAYER.fold(r.fact for r in tx.load(f"payer/{payer_id}")).registered
        if payer is None:
            raise Unknown("payer", payer_id)
        # Read again, under the clients' locks; whom intake wasn't asked about waits for the next.
        drafts = [
            draft
            for draft in issuing.drafts.of_payer(tx, payer_id, through)
            if draft.client_id in clients
        ]
        return _Batch(tx, issuing, context, payer, people).issue(drafts)

    locks = [f"payer/{payer_id}", *(f"client/{client_id}" for client_id in clients)]
    return book.transact(context, decide, locks=locks)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One file in the making, within its transaction."""

    tx: Transaction
    issuing: Issuing
    context: Context
    payer: PayerRegistered
    people: People

    def issue(self, drafts: Sequence[Draft]) -> list[Recorded]:
        batch_id = self.context.new_id("batch")
        left_out, passing = self._gates(drafts)
        claims = self._claims(batch_id, passing)
        filing = self._filing(claims)
        findings = self.issuing.files.findings(filing) if claims else {}
        left_out += [
            LeftOut(client_id=claim.client_id, reason=f"INVALID_{findings[claim.claim_id]}")
            for claim in claims
            if claim.claim_id in findings
        ]
        claims = [claim for claim in claims if claim.claim_id not in findings]
        digest = ""
        if claims:
            content = self.issuing.files.write(replace(filing, claims=claims))
            self.tx.documents.put(f"batch/{batch_id}", DOCUMENT, content)
            digest = self.tx.store.vault.digest(content).hex()
        batch = BatchIssued(
            batch_id=batch_id,
            payer_id=self.payer.payer_id,
            control_number=filing.control_number,
            claims=len(claims),
            charge_minor=sum(claim.charge_minor for claim in claims),
            left_out=tuple(sorted(set(left_out), key=lambda each: (each.client_id, each.reason))),
            digest=digest,
        )
        facts = [*record(self.context, f"batch/{batch_id}", 0, [batch])]
        for claim in claims:
            facts += record(self.context, f"claim/{claim.claim_id}", 0, [claim])
        return facts

    def _gates(self, drafts: Sequence[Draft]) -> tuple[list[LeftOut], list[Draft]]:
        clients = sorted({draft.client_id for draft in drafts})
        unsettled = self.issuing.drafts.unsettled(self.tx, clients)
        left_out: list[LeftOut] = []
        passing: list[Draft] = []
        for draft in drafts:
            reason = disclosure_gate(
                draft,
                on=self.context.now.date(),
                unsettled=unsettled,
                withheld=self.people.withheld,
            )
            person = self.people.persons.get(draft.client_id)
            if not reason and (
                person is None or person.coverage_id != draft.content["coverage_id"]
            ):
                reason = "COVERAGE_CHANGED"
            if reason:
                left_out.append(LeftOut(client_id=draft.client_id, reason=reason))
            else:
                passing.append(draft)
        return left_out, passing

    def _claims(self, batch_id: str, drafts: Sequence[Draft]) -> list[ClaimIssued]:
        persons = self.people.persons
        return list(
            claims_of(
                drafts,
                batch_id=batch_id,
                claim_ids={draft.key: self.context.new_id("claim", draft.key) for draft in drafts},
                identity_versions={key: person.version for key, person in persons.items()},
                consents={key: person.consent_id for key, person in persons.items()},
            )
        )

    def _filing(self, claims: Sequence[ClaimIssued]) -> Filing:
        return Filing(
            claims=claims,
            persons=self.people.persons,
            payer=self.payer,
            providers={
                provider_id: self._provider(provider_id)
                for provider_id in {claim.provider_id for claim in claims}
            },
            authorization_numbers={
                claim.authorization_id: self._authorization_number(claim)
                for claim in claims
                if claim.authorization_id
            },
            control_number=self.issuing.drafts.batches_to(self.tx, self.payer.payer_id) + 1,
            created=self.context.now,
        )

    def _provider(self, provider_id: str) -> ProviderRegistered:
        registered = PROVIDER.fold(
            r.fact for r in self.tx.load(f"provider/{provider_id}")
        ).registered
        if registered is None:
            raise Unknown("provider", provider_id)
        return registered

    def _authorization_number(self, claim: ClaimIssued) -> str:
        kind = authorization_document(claim.authorization_id)
        document = self.tx.documents.open(f"client/{claim.client_id}", kind)
        if document is None:
            raise Unknown("authorization", claim.authorization_id)
        return document.content.decode()
