"""Files in the making, within one transaction: gates, numbers, facts, bytes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from kernel.decider import filled
from kernel.execute import decided, record
from kernel.facts import Recorded
from kernel.messaging.owners import Fingerprint, fingerprints_of
from kernel.refusal import Unknown
from kernel.sites import speaks_for
from kernel.statements import statements
from kernel.store.store import Context, Transaction
from services.billing.app.batch_file import in_pieces
from services.billing.app.ports import DisclosedClients, Filing, Issuing, Site
from services.billing.app.use_cases import authorization_document
from services.billing.domain.authorizations.authorization import AuthorizationRecorded
from services.billing.domain.claims.claim import CLAIM, FollowClaim
from services.billing.domain.claims.disclosure import Circumstances, Identified, gate, identified
from services.billing.domain.claims.issue import (
    FORMS,
    BatchIssued,
    Candidate,
    ClaimIssued,
    LeftOut,
    cut_alike,
    left_out,
    original,
    services_of,
)
from services.billing.domain.payers.payer import PAYER, PayerRegistered
from services.billing.domain.payers.rules import ClaimForm
from services.billing.domain.providers.practitioner import PRACTITIONER, PractitionerRegistered
from services.billing.domain.providers.provider import ProviderRegistered
from services.billing.domain.reasons import StaysBecause

DOCUMENTS: Mapping[ClaimForm, str] = {
    ClaimForm.PROFESSIONAL: "837p",
    ClaimForm.INSTITUTIONAL: "837i",
}
"""The kind of document a file is kept as, by form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """One command's files to one payer: one a form."""

    tx: Transaction
    issuing: Issuing
    context: Context
    payer: PayerRegistered
    people: DisclosedClients
    confirmed: Collection[Fingerprint]

    def issue(self, candidates: Sequence[Candidate]) -> list[Recorded]:
        """The facts of what leaves the house; a batch without claims tells who was left out."""
        stay, filings = self._filings(candidates)
        facts: list[Recorded] = []
        staying = _ordered(stay)
        for form, filing in filings or [(FORMS[0], self._filing([]))]:
            number = self.issuing.drafts.control_number(self.tx)
            facts += self._batch(form, replace(filing, control_number=number), staying)
            staying = ()
        for _, filing in filings:
            for claim in _numbered(self.tx, filing.claims, filing.providers, filing.practitioners):
                facts += record(self.context, f"claim/{claim.claim_id}", 0, [claim])
                if claim.corrects_claim_id:
                    facts += self._followed(claim)
        return facts

    def _filings(
        self, candidates: Sequence[Candidate]
    ) -> tuple[list[LeftOut], list[tuple[ClaimForm, Filing]]]:
        """Who is left out, and per form what is to be filed: nothing the scrub finds fault with."""
        found_in, passing = self._gates(candidates)
        filings: list[tuple[ClaimForm, Filing]] = []
        for form in FORMS:
            claims = [
                candidate.claim for candidate in passing if candidate.claim.claim_form == form
            ]
            if not claims:
                continue
            filing = self._filing(claims)
            wrong = self.issuing.files[form].findings(filing)
            found_in += [
                left_out(candidate, f"INVALID_{found.code}", found)
                for candidate in passing
                if (found := wrong.get(candidate.claim.claim_id)) is not None
            ]
            if kept := [claim for claim in claims if claim.claim_id not in wrong]:
                filings.append((form, replace(filing, claims=kept)))
        return found_in, filings

    def _gates(self, candidates: Sequence[Candidate]) -> tuple[list[LeftOut], list[Candidate]]:
        """Who is left out, and what may leave, with the identity it discloses."""
        now = self._circumstances(candidates)
        stay: list[LeftOut] = []
        passing: list[Candidate] = []
        for whole in candidates:
            candidate, reason = whole, gate(whole, candidates, now)
            if reason == StaysBecause.DUPLICATE_MEMBER:
                stay += self._doubled(whole, now)
                candidate = self._without_doubled(whole, now)
                reason = gate(candidate, candidates, now)
            if reason and reason != StaysBecause.DUPLICATE_MEMBER:
                stay.append(left_out(candidate, reason))
            if not reason:
                claim = candidate.claim
                leaving = identified(claim, self._batch_id(claim.claim_form), now)
                passing.append(replace(candidate, claim=leaving))
                now = replace(now, members=now.members.joined_by(claim))
        return stay, passing

    def _doubled(self, candidate: Candidate, now: Circumstances) -> Iterable[LeftOut]:
        """By each date that stands elsewhere, and where, as far as who commands may know it."""
        for doubled in now.members.doubled(candidate.claim):
            is_told = speaks_for(self.context.sites, doubled.by.site_id)
            yield replace(
                left_out(candidate, StaysBecause.DUPLICATE_MEMBER),
                service_date=doubled.service_date,
                other_claim_id=doubled.by.claim_id if is_told else "",
            )

    def _without_doubled(self, whole: Candidate, now: Circumstances) -> Candidate:
        """An original of its other dates, as it is derived of them; else the claim as it was.

        Only what was looked at for the whole one may leave: no other lines, on no other facts.
        """
        claim = whole.claim
        dates = {doubled.service_date for doubled in now.members.doubled(claim)}
        kept = services_of(line for line in claim.lines if line.service_date not in dates)
        if not kept or claim.corrects_claim_id:
            return whole
        for draft in self.issuing.drafts.without(self.tx, claim.client_id, dates):
            found = original(draft, claim.claim_id)
            same = cut_alike(found.claim, claim) and services_of(found.claim.lines) == kept
            if same and found.rests_on <= whole.rests_on:
                return replace(found, about_id=whole.about_id)
        return whole

    def _circumstances(self, candidates: Sequence[Candidate]) -> Circumstances:
        drafts, payer_id = self.issuing.drafts, self.payer.payer_id
        persons = self.people.persons
        clients = sorted({candidate.claim.client_id for candidate in candidates})
        sequential = sorted(
            {candidate.claim.client_id for candidate in candidates if candidate.sequential}
        )
        sites = self._sites([candidate.claim for candidate in candidates])
        # Without some of its lines, another who rendered one may be named.
        staff = {
            line.rendering_staff_id for candidate in candidates for line in candidate.claim.lines
        }
        staff |= {candidate.claim.rendering_staff_id for candidate in candidates}
        return Circumstances(
            on=self.context.now.date(),
            reconciled=drafts.restore(self.tx).reconciled,
            today={site_id: self._today(site) for site_id, site in sites.items()},
            unchecked=self._unchecked(candidates),
            unsettled=drafts.unsettled(self.tx, clients),
            unheard=self._unheard(),
            heard=drafts.heard(self.tx, clients),
            heard_at_permit=drafts.heard_as(
                self.tx, {client_id: named.permit_sequence for client_id, named in persons.items()}
            ),
            withheld=self.people.withheld,
            identified={
                client_id: filled(
                    Identified, person, coverages=person.coverages | {person.coverage_id}
                )
                for client_id, person in persons.items()
            },
            revoked=drafts.revoked(self.tx, payer_id, clients),
            ended=drafts.ended(self.tx, clients),
            settled=drafts.settled(self.tx, payer_id),
            unanswered=drafts.unanswered(self.tx, payer_id, sequential) if sequential else {},
            practitioners=_practitioners(self.tx, staff).keys(),
            sites=sites.keys(),
            forms=self.issuing.files.keys(),
            members=drafts.members(self.tx, payer_id, clients),
        )

    def _unheard(self) -> set[str]:
        """Clients of whom intake knew more, as other clients of the person, than was heard."""
        persons = self.people.persons
        ends = {end.client_id: end for person in persons.values() for end in person.other_ends}
        heard = self.issuing.drafts.heard(self.tx, sorted(ends))
        heard_as = self.issuing.drafts.heard_as(
            self.tx, {client_id: end.sequence for client_id, end in ends.items()}
        )
        late = {
            client_id
            for client_id, end in ends.items()
            if end.sequence > heard.get(client_id, 0)
            or end.fact_id not in ("", heard_as.get(client_id))
        }
        return {
            client_id
            for client_id, person in persons.items()
            if any(end.client_id in late for end in person.other_ends)
        }

    def _today(self, site: Site) -> date:
        return self.context.now.astimezone(ZoneInfo(site.time_zone)).date()

    def _unchecked(self, candidates: Sequence[Candidate]) -> set[str]:
        """Facts that the candidates rest on, and that aren't as their owners confirmed them."""
        facts = {fact for candidate in candidates for fact in candidate.rests_on}
        fingerprints = fingerprints_of(self.tx.connection, facts).values()
        checked = {
            place.fact
            for place in fingerprints
            if place.topic == self.tx.store.topic or place in self.confirmed
        }
        return facts - checked

    def _filing(self, claims: Sequence[ClaimIssued]) -> Filing:
        return Filing(
            claims=claims,
            persons=self.people.persons,
            payer=self.payer,
            providers={
                provider_id: _provider(self.tx, provider_id)
                for provider_id in {claim.provider_id for claim in claims}
            },
            authorization_numbers={
                authorization_id: _number_of(self.tx, authorization)
                for authorization_id, authorization in _authorizations(self.tx, claims).items()
            },
            sites=self._sites(claims),
            practitioners=_practitioners(self.tx, {claim.rendering_staff_id for claim in claims}),
            created=self.context.now,
        )

    def _sites(self, claims: Sequence[ClaimIssued]) -> dict[str, Site]:
        return self.issuing.drafts.sites(self.tx, sorted({claim.site_id for claim in claims}))

    def _batch(
        self, form: ClaimForm, filing: Filing, staying: Sequence[LeftOut]
    ) -> Iterable[Recorded]:
        batch_id = self._batch_id(form)
        digest = ""
        if filing.claims:
            content = self.issuing.files[form].write(filing)
            vault = self.tx.store.vault
            clients = {claim.number: claim.client_id for claim in filing.claims}
            kept = in_pieces(vault, batch_id, content, clients)
            self.tx.documents.put(f"batch/{batch_id}", DOCUMENTS[form], kept)
            digest = vault.digest(content).hex()
        batch = BatchIssued(
            batch_id=batch_id,
            payer_id=self.payer.payer_id,
            control_number=filing.control_number,
            claims=len(filing.claims),
            charge_minor=sum(claim.charge_minor for claim in filing.claims),
            left_out=tuple(staying),
            digest=digest,
            claim_form=form,
        )
        return record(self.context, f"batch/{batch_id}", 0, [batch])

    def _batch_id(self, form: ClaimForm) -> str:
        return self.context.new_id("batch", form)

    def _followed(self, claim: ClaimIssued) -> Iterable[Recorded]:
        """What the claim that is corrected says of it from now on."""
        stream = f"claim/{claim.corrects_claim_id}"
        command = FollowClaim(claim_id=claim.corrects_claim_id, following=claim)
        history = self.tx.load(stream)
        return decided(self.context, CLAIM, stream, history, command, expected=False)


def batches_of(facts: Iterable[Recorded]) -> list[BatchIssued]:
    """The batches a command issued, in the order of their control numbers."""
    found = [recorded.fact for recorded in facts if isinstance(recorded.fact, BatchIssued)]
    return sorted(found, key=lambda batch: batch.control_number)


def numbered(tx: Transaction, claims: Sequence[ClaimIssued]) -> list[ClaimIssued]:
    """With the numbers by which files name others now."""
    providers = {claim.provider_id: _provider(tx, claim.provider_id) for claim in claims}
    practitioners = _practitioners(tx, {claim.rendering_staff_id for claim in claims})
    return list(_numbered(tx, claims, providers, practitioners))


def payer_of(tx: Transaction, payer_id: str) -> PayerRegistered:
    registered = PAYER.after(tx.load(f"payer/{payer_id}")).registered
    if registered is None:
        raise Unknown("payer", payer_id)
    return registered


def _ordered(stay: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(stay, key=lambda left: (left.client_id, left.reason, left.claim_id)))


def _provider(tx: Transaction, provider_id: str) -> ProviderRegistered:
    """As it stands; one that was taken back since as it was: what left by it is voided by it."""
    for said in statements(tx.load(f"provider/{provider_id}")):
        registered = said.now.fact
        if isinstance(registered, ProviderRegistered):
            return registered
    raise Unknown("provider", provider_id)


def _practitioners(tx: Transaction, staff: set[str]) -> dict[str, PractitionerRegistered]:
    streams = tx.load_many([f"practitioner/{staff_id}" for staff_id in sorted(staff) if staff_id])
    found = [PRACTITIONER.after(facts) for facts in streams.values()]
    return {
        practitioner.staff_id: practitioner for practitioner in found if practitioner is not None
    }


def _authorizations(
    tx: Transaction, claims: Iterable[ClaimIssued]
) -> dict[str, AuthorizationRecorded]:
    """Those that the claims name, as they stand; one that was taken back, as it was said last."""
    ids = {claim.authorization_id for claim in claims if claim.authorization_id}
    streams = tx.load_many([f"authorization/{authorization_id}" for authorization_id in ids])
    found = [statements(history)[-1].now.fact for history in streams.values() if history]
    if unknown := sorted(ids - {said.authorization_id for said in found}):
        raise Unknown("authorization", unknown[0])
    return {said.authorization_id: said for said in found}


def _number_of(tx: Transaction, said: AuthorizationRecorded) -> str:
    owner, kind = f"client/{said.client_id}", authorization_document(said.authorization_id)
    document = tx.documents.open(owner, kind, said.number_version)
    if document is None:
        tx.documents.require_remembered(owner)
        raise Unknown("authorization", said.authorization_id)
    return document.content.decode()


def _numbered(
    tx: Transaction,
    claims: Sequence[ClaimIssued],
    providers: Mapping[str, ProviderRegistered],
    practitioners: Mapping[str, PractitionerRegistered],
) -> Iterator[ClaimIssued]:
    """With the numbers by which files name others now."""
    authorizations = _authorizations(tx, claims)
    for claim in claims:
        named = authorizations.get(claim.authorization_id)
        rendered_by = practitioners.get(claim.rendering_staff_id)
        yield replace(
            claim,
            provider_npi=providers[claim.provider_id].npi,
            renumbered=named.number_version - 1 if named else 0,
            rendering_npi=rendered_by.npi if rendered_by else "",
        )
