"""Whose member a claim's client is: one person is billed once a day, however often registered."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.billing.domain.claims.claim import IssuedClaimState
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.payers.payer import Payer
from services.billing.domain.payers.rules import VoidStage
from services.billing.domain.x12.t837.claim import ClaimFrequency


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubled:
    """A date of a claim that stands on another client's claim, who is the same member."""

    service_date: date
    by: ClaimIssued


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """As intake recognised them, with the claims that stand of whoever has the same key.

    `keys`: by client, of each coverage. `in_force`: by key, a claim under each of its client's, as
    it may have left under a number that was mistyped, and corrected since. `apart`: clients whom a
    named person judged to be two people. `survivors`: of merged clients, as whom they go on.
    """

    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    in_force: Mapping[str, Sequence[ClaimIssued]] = field(default_factory=dict)
    apart: Collection[frozenset[str]] = frozenset()
    survivors: Mapping[str, str] = field(default_factory=dict)

    def key_of(self, claim: ClaimIssued) -> str:
        """Empty: nobody was recognised yet."""
        return self.keys.get(claim.client_id, {}).get(claim.coverage_id, "")

    def keys_of(self, client_id: str) -> list[str]:
        """Of all the client's coverages, in order."""
        return sorted(set(self.keys.get(client_id, {}).values()))

    def doubled(self, claim: ClaimIssued) -> tuple[Doubled, ...]:
        """Its dates that stand on another client's claim, in order; a void takes dates back."""
        if claim.frequency == ClaimFrequency.VOID:
            return ()
        found: dict[date, ClaimIssued] = {}
        for key in self.keys_of(claim.client_id):
            for other in self.in_force.get(key, ()):
                if self.are_one(claim.client_id, other.client_id):
                    found |= dict.fromkeys(dates_of(claim) & dates_of(other), other)
        return tuple(Doubled(service_date=on, by=found[on]) for on in sorted(found))

    def are_one(self, client_id: str, other_client_id: str) -> bool:
        """Whether two clients of one key are taken for one person, and aren't one client.

        Merged clients are one: their claims are judged in one derivation.
        """
        pair = frozenset({client_id, other_client_id})
        merged = {self.survivors.get(each, each) for each in pair}
        return len(merged) > 1 and pair not in self.apart

    def joined_by(self, *claims: ClaimIssued) -> "Members":
        """With claims that stand, or are about to leave."""
        in_force = dict(self.in_force)
        for claim in claims:
            if claim.frequency != ClaimFrequency.VOID:
                for key in self.keys_of(claim.client_id):
                    in_force[key] = (*in_force.get(key, ()), claim)
        return replace(self, in_force=in_force)


def in_force_of(claims: Mapping[str, IssuedClaimState], payer: Payer) -> Iterator[ClaimIssued]:
    """Of a payer's claims those whose dates nobody else's may name.

    They stand, or their void isn't processed, where the payer wants that before a new claim.
    """
    for claim in claims.values():
        if claim.issued is None:
            continue
        follows = claims.get(claim.followed_by, IssuedClaimState())
        if claim.stands or (follows.awaits_processing and _waits_for_voids(payer, claim.issued)):
            yield claim.issued


def dates_of(claim: ClaimIssued) -> set[date]:
    return {line.service_date for line in claim.lines}


def _waits_for_voids(payer: Payer, claim: ClaimIssued) -> bool:
    rules = payer.rules_on(max(dates_of(claim)))
    return rules is not None and rules.new_claim_after == VoidStage.PROCESSED
