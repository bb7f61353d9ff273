"""A restored database: claims that left and aren't known any more could leave again.

They are recorded again from what Kafka or the files sent say of them; nothing else leaves before a
named person says that this is all. Absence is never permission: an epoch is held until then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules

FIRST_EPOCH = 1


class Source(StrEnum):
    """By what it is known that a claim left."""

    KAFKA = "KAFKA"
    FILES_SENT = "FILES_SENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAgain:
    """What left before is recorded again. `epoch`: of the restored log; 1: it never was.

    `unrecorded`: claims that Kafka knows of, and that neither are recorded nor are by this.
    """

    epoch: int
    source: Source
    claims: tuple[str, ...]
    recorded_by: str
    reason: str
    unrecorded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Nothing else left. `unrecorded`: claims that Kafka knows of, and that aren't recorded."""

    epoch: int
    reconciled_by: str
    reason: str
    unrecorded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsRecordedAgain:
    epoch: int
    source: Source
    claims: tuple[str, ...]
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    epoch: int
    reconciled_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Of one epoch: whether somebody said what had left before it."""

    epoch: int = FIRST_EPOCH
    said: bool = False

    @property
    def reconciled(self) -> bool:
        return self.said or self.epoch == FIRST_EPOCH


def restore_stream(epoch: int) -> str:
    """Where it is recorded what was said of the restore that began this epoch."""
    return f"restore/{epoch}"


RestoreCommand = RecordAgain | Reconcile
RestoreFact = ClaimsRecordedAgain | Reconciled


def decide(command: RestoreCommand, restore: Restore) -> Iterator[RestoreFact]:
    if command.epoch == FIRST_EPOCH:
        raise AgainstTheRules("NOT_RESTORED", "this database was never restored, nothing is held")
    match command:
        case RecordAgain():
            if restore.said:
                raise AgainstTheRules(
                    "RECONCILED", "somebody said that nothing else had left; nothing is held"
                )
            _must_be_all(command.unrecorded)
            if command.claims:
                yield filled(ClaimsRecordedAgain, command)
        case Reconcile():
            if restore.said:
                return
            _must_be_all(command.unrecorded)
            yield filled(Reconciled, command)
        case _:
            assert_never(command)


def evolve(restore: Restore, fact: RestoreFact) -> Restore:
    match fact:
        case ClaimsRecordedAgain():
            return replace(restore, epoch=fact.epoch)
        case Reconciled():
            return replace(restore, epoch=fact.epoch, said=True)
        case _:
            assert_never(fact)


RESTORE = Decider(decide, evolve, Restore())


def _must_be_all(unrecorded: int) -> None:
    if unrecorded:
        raise AgainstTheRules(
            "CLAIMS_NOT_RECOVERED",
            "Kafka knows of claims that left and aren't recorded; recover them first",
            claims=str(unrecorded),
        )
