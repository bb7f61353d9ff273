"""A client's coverages, and for which dates payers confirmed them: a part of the client."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never

from kernel.decider import filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.intake.domain.episode import Label
from services.intake.domain.period import holds_on, require_order
from services.intake.domain.versions import first_said

PRIMARY = 1
CoverageEndReason = Literal["TERMINATED", "REPLACED", "ENTERED_IN_ERROR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCoverage:
    """`order`: 1 is billed first. `membership_version` is filled in when the numbers are sealed."""

    client_id: str
    coverage_id: str
    payer_id: str
    membership_version: int = 0
    effective_from: date
    effective_to: date | None
    order: int = PRIMARY


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCoverage:
    client_id: str
    coverage_id: str
    verified_from: date
    verified_to: date | None
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCoverage:
    client_id: str
    coverage_id: str
    last_day: date
    reason: CoverageEndReason
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageAdded:
    """The dates are those of the client's card."""

    client_id: str
    coverage_id: str
    payer_id: str
    membership_version: int
    effective_from: date
    effective_to: date | None
    order: int = PRIMARY


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageVerified:
    """What the payer confirmed. From the same first day it replaces what was said before.

    Verifications of other first days add up: March, then April.
    """

    client_id: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None
    label: Label
    order: int = PRIMARY


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageEnded:
    """What was verified of the coverage before this holds no longer than `last_day`.

    Of several the last one counts.
    """

    client_id: str
    coverage_id: str
    payer_id: str
    last_day: date
    reason: CoverageEndReason
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipParts:
    """What of a sealed membership claims say. Never kept, never logged."""

    member_number: str
    group_number: str

    def __repr__(self) -> str:
        return "MembershipParts()"


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipAmended:
    """Each number by the first version that said it so; `version`: the newest, disclosed from now
    on. Of several of a coverage the last one counts."""

    client_id: str
    coverage_id: str
    version: int
    member_number: int
    group_number: int
    label: Label


class CoverageConfirmed(AgainstTheRules):
    """What a payer said of a coverage would be said of nothing."""

    def __init__(self, coverage_id: str) -> None:
        super().__init__(
            "COVERAGE_CONFIRMED",
            "what the payer confirmed of this coverage stands; take that back first, or end it",
            coverage_id=coverage_id,
        )


CoverageCommand = AddCoverage | VerifyCoverage | EndCoverage
CoverageFact = CoverageAdded | CoverageVerified | CoverageEnded | MembershipAmended


@dataclass(frozen=True, slots=True)
class Coverages:
    """What later decisions and ReadIdentities need to know."""

    added: Mapping[str, CoverageAdded] = field(default_factory=dict)
    # In the order in which payers said it.
    said: tuple[CoverageVerified | CoverageEnded, ...] = ()
    # By coverage, what others heard last of its numbers.
    amended: Mapping[str, MembershipAmended] = field(default_factory=dict)

    @property
    def holding(self) -> tuple[CoverageVerified, ...]:
        """Verifications as they hold now, in the order they were said: replaced, and ended."""
        found: dict[tuple[str, date], tuple[CoverageVerified, date | None]] = {}
        for fact in self.said:
            if isinstance(fact, CoverageVerified):
                found.pop((fact.coverage_id, fact.verified_from), None)
                found[fact.coverage_id, fact.verified_from] = (fact, None)
                continue
            for key, (verified, _) in found.items():
                if verified.coverage_id == fact.coverage_id:
                    found[key] = (verified, fact.last_day)
        return tuple(_until(verified, last_day) for verified, last_day in found.values())

    def of_payer(self, payer_id: str) -> list[str]:
        """All coverages by the payer, in the order in which they are billed."""
        found = [fact for fact in self.added.values() if fact.payer_id == payer_id]
        return [fact.coverage_id for fact in sorted(found, key=lambda fact: fact.order)]

    def to_disclose(self, payer_id: str, on: date) -> str | None:
        """Under which of the payer's coverages the client is named to it on this day.

        One verified from this day or before: claims are for dates gone by, so one that has ended
        counts too. First those in force, the lowest order, then the newest; else of those that
        ended the newest, then the lowest order. The payer's word decides, not the client's card.
        """
        begun = [
            fact
            for fact in reversed(self.holding)
            if fact.payer_id == payer_id and fact.verified_from <= on
        ]

        def rank(fact: CoverageVerified) -> tuple[int, int, int]:
            newest = -fact.verified_from.toordinal()
            if holds_on(on, fact.verified_from, fact.verified_to):
                return (0, fact.order, newest)
            return (1, newest, fact.order)

        return min(begun, key=rank).coverage_id if begun else None


def decide(command: CoverageCommand, coverages: Coverages) -> Iterator[CoverageFact]:
    """Refuses an order below 1, dates in the wrong order, and what is said of no known coverage.

    What was never verified has nothing to end: NOT_VERIFIED.
    """
    match command:
        case AddCoverage():
            if command.order < PRIMARY:
                raise Malformed(order="is below 1")
            require_order(effective_from=command.effective_from, effective_to=command.effective_to)
            if command.coverage_id not in coverages.added:
                yield filled(CoverageAdded, command)
        case VerifyCoverage():
            added = _added(coverages, command.coverage_id)
            require_order(verified_from=command.verified_from, verified_to=command.verified_to)
            if not any(_same(command, fact) for fact in coverages.holding):
                yield filled(CoverageVerified, command, added)
        case EndCoverage():
            added = _added(coverages, command.coverage_id)
            fact = filled(CoverageEnded, command, added)
            if all(verified.coverage_id != command.coverage_id for verified in coverages.holding):
                raise AgainstTheRules(
                    "NOT_VERIFIED",
                    "no payer confirmed this coverage for any day: there is nothing to end",
                    coverage_id=command.coverage_id,
                )
            if evolve(coverages, fact).holding != coverages.holding:
                yield fact
        case _:
            assert_never(command)


def evolve(coverages: Coverages, fact: CoverageFact) -> Coverages:
    match fact:
        case CoverageAdded():
            return replace(coverages, added={**coverages.added, fact.coverage_id: fact})
        case CoverageVerified() | CoverageEnded():
            return replace(coverages, said=(*coverages.said, fact))
        case MembershipAmended():
            return replace(coverages, amended={**coverages.amended, fact.coverage_id: fact})
        case _:
            assert_never(fact)


def amended(
    added: CoverageAdded,
    coverages: Coverages,
    sealed: Sequence[MembershipParts],
    label: Label,
) -> Iterator[MembershipAmended]:
    """What others hear of its numbers, where it isn't what they heard: `sealed`, every version."""
    parts = ("member_number", "group_number")
    now, heard = (
        filled(
            MembershipAmended,
            added,
            version=version,
            label=label,
            **first_said(sealed, version, parts),
        )
        for version in (len(sealed), 1)
    )
    heard = coverages.amended.get(added.coverage_id, heard)
    if replace(now, label=heard.label) != heard:
        yield now


def _added(coverages: Coverages, coverage_id: str) -> CoverageAdded:
    added = coverages.added.get(coverage_id)
    if added is None:
        raise Unknown("coverage", coverage_id)
    return added


def _until(verified: CoverageVerified, last_day: date | None) -> CoverageVerified:
    if last_day is None:
        return verified
    return replace(verified, verified_to=min(verified.verified_to or last_day, last_day))


def _same(command: VerifyCoverage, fact: CoverageVerified) -> bool:
    return (command.coverage_id, command.verified_from, command.verified_to) == (
        fact.coverage_id,
        fact.verified_from,
        fact.verified_to,
    )
