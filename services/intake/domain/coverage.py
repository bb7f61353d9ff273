"""A client's coverages, and for which dates payers confirmed them: a part of the client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from kernel.refusal import Unknown
from services.intake.domain.episode import PART2
from services.intake.domain.period import holds_on, require_order


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCoverage:
    """`membership_version`: of the member and group number, filled in when they are sealed."""

    client_id: str
    coverage_id: str
    payer_id: str
    membership_version: int = 0
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCoverage:
    client_id: str
    coverage_id: str
    verified_from: date
    verified_to: date | None
    label: str = PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageAdded:
    """The dates are those of the client's card."""

    client_id: str
    coverage_id: str
    payer_id: str
    membership_version: int
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageVerified:
    """What the payer confirmed. Several verifications of a coverage add up: March, then April."""

    client_id: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None
    label: str


CoverageCommand = AddCoverage | VerifyCoverage
CoverageFact = CoverageAdded | CoverageVerified


@dataclass(frozen=True, slots=True)
class Coverages:
    """What later decisions and ReadIdentities need to know."""

    payers: Mapping[str, str] = field(default_factory=dict)  # coverage → payer
    verified: tuple[CoverageVerified, ...] = ()

    def of_payer_on(self, payer_id: str, on: date) -> str | None:
        """The payer's coverage verified for the date, the last verified of several.

        The payer's word decides, as for all who hear CoverageVerified; not the client's card.
        """
        for fact in reversed(self.verified):
            if fact.payer_id == payer_id and holds_on(on, fact.verified_from, fact.verified_to):
                return fact.coverage_id
        return None


def decide(command: CoverageCommand, coverages: Coverages) -> Iterator[CoverageFact]:
    """Refuses dates in the wrong order, and verifying what was not added (Unknown)."""
    match command:
        case AddCoverage():
            require_order(effective_from=command.effective_from, effective_to=command.effective_to)
            if command.coverage_id not in coverages.payers:
                yield CoverageAdded(
                    client_id=command.client_id,
                    coverage_id=command.coverage_id,
                    payer_id=command.payer_id,
                    membership_version=command.membership_version,
                    effective_from=command.effective_from,
                    effective_to=command.effective_to,
                )
        case VerifyCoverage():
            payer_id = coverages.payers.get(command.coverage_id)
            if payer_id is None:
                raise Unknown("coverage", command.coverage_id)
            require_order(verified_from=command.verified_from, verified_to=command.verified_to)
            if not any(_same(command, fact) for fact in coverages.verified):
                yield CoverageVerified(
                    client_id=command.client_id,
                    coverage_id=command.coverage_id,
                    payer_id=payer_id,
                    verified_from=command.verified_from,
                    verified_to=command.verified_to,
                    label=command.label,
                )
        case _:
            assert_never(command)


def evolve(coverages: Coverages, fact: CoverageFact) -> Coverages:
    match fact:
        case CoverageAdded():
            return replace(coverages, payers={**coverages.payers, fact.coverage_id: fact.payer_id})
        case CoverageVerified():
            return replace(coverages, verified=(*coverages.verified, fact))
        case _:
            assert_never(fact)


def _same(command: VerifyCoverage, fact: CoverageVerified) -> bool:
    return (command.coverage_id, command.verified_from, command.verified_to) == (
        fact.coverage_id,
        fact.verified_from,
        fact.verified_to,
    )
