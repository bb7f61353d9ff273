"""Two clients who are one person: merged, as one of them, and taken apart again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed
from services.intake.domain.episode import Label


class Difference(StrEnum):
    """What keeps two clients from being merged, until it is settled."""

    OPEN_EPISODES = "OPEN_EPISODES"
    BIRTH_DATE = "BIRTH_DATE"
    SEX = "SEX"
    KEY_DESTROYED = "KEY_DESTROYED"
    JUDGED_TWO_PEOPLE = "JUDGED_TWO_PEOPLE"


class MergeReason(StrEnum):
    """How one person came to be two clients."""

    REGISTERED_TWICE = "REGISTERED_TWICE"
    ANOTHER_NAME = "ANOTHER_NAME"
    IDENTIFIED_LATER = "IDENTIFIED_LATER"


class UnmergeReason(StrEnum):
    """Why two clients are taken apart."""

    TWO_PEOPLE = "TWO_PEOPLE"
    OTHER_SURVIVOR = "OTHER_SURVIVOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeClients:
    """`settled`: what the caller knows to differ. Filled in under both clients' locks: `differs`,
    the label, and the version of the sealed remark."""

    survivor_client_id: str
    absorbed_client_id: str
    reason: MergeReason
    settled: tuple[Difference, ...] = ()
    differs: tuple[Difference, ...] = ()
    remark_version: int = 0
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergeClients:
    survivor_client_id: str
    absorbed_client_id: str
    reason: UnmergeReason
    remark_version: int = 0
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMerged:
    """`revision`: of what was said of these two, from 1 on; the highest holds."""

    survivor_client_id: str
    absorbed_client_id: str
    revision: int
    reason: MergeReason
    settled: tuple[Difference, ...]
    remark_version: int
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUnmerged:
    survivor_client_id: str
    absorbed_client_id: str
    revision: int
    reason: UnmergeReason
    remark_version: int
    label: Label


MergingCommand = MergeClients | UnmergeClients
MergingFact = ClientMerged | ClientUnmerged


WORDS = {
    Difference.OPEN_EPISODES: "both have an open episode in one program",
    Difference.BIRTH_DATE: "they have different birth dates",
    Difference.SEX: "they are of different sex",
    Difference.KEY_DESTROYED: "the absorbed one was forgotten: nobody can compare them",
    Difference.JUDGED_TWO_PEOPLE: "they were judged to be two people",
}


class ClientsDiffer(AgainstTheRules):
    """Named by what differs first; `differs` has all."""

    def __init__(self, differs: tuple[Difference, ...]) -> None:
        super().__init__(
            differs[0],
            f"{WORDS[differs[0]]}; an administrator may settle it by naming it",
            differs=",".join(differs),
        )


class NotMerged(AgainstTheRules):
    def __init__(self) -> None:
        super().__init__("NOT_MERGED", "this client was not merged into that one")


@dataclass(frozen=True, slots=True)
class Merging:
    """Of two clients, whichever is named first; `merged` None: they are two."""

    revision: int = 0
    merged: ClientMerged | None = None

    def is_as(self, command: MergingCommand) -> bool:
        """Whether they are merged, and into the one that the command says."""
        return (
            self.merged is not None and self.merged.survivor_client_id == command.survivor_client_id
        )


def decide(command: MergingCommand, merging: Merging) -> Iterator[MergingFact]:
    """Told twice a merge adds nothing; what isn't merged so can't be taken apart (NotMerged).

    One client is no two (Malformed). What differs, and isn't settled, is refused by its name.
    """
    if command.survivor_client_id == command.absorbed_client_id:
        raise Malformed(absorbed_client_id="is the same client")
    match command:
        case MergeClients():
            if merging.is_as(command):
                return
            if open_ones := tuple(one for one in command.differs if one not in command.settled):
                raise ClientsDiffer(open_ones)
            yield filled(ClientMerged, command, revision=merging.revision + 1)
        case UnmergeClients():
            if not merging.is_as(command):
                raise NotMerged
            yield filled(ClientUnmerged, command, revision=merging.revision + 1)
        case _:
            assert_never(command)


def evolve(merging: Merging, fact: MergingFact) -> Merging:
    match fact:
        case ClientMerged():
            return replace(merging, revision=fact.revision, merged=fact)
        case ClientUnmerged():
            return replace(merging, revision=fact.revision, merged=None)
        case _:
            assert_never(fact)


MERGING = Decider(decide, evolve, Merging())
