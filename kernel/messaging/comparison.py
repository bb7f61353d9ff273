"""What was heard, compared with what its owner has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kernel import clock
from kernel.messaging.checkpoints import BEYOND_OWNER, OTHER_HISTORY, Checkpoint
from kernel.messaging.envelope import NoEnvelope, read_envelope
from kernel.messaging.owners import Owner, OwnerHead

LOOKED_AT = 50  # subjects whose first fact not heard is asked for its age


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far this service is behind one it hears; `seconds`: the oldest fact not heard.

    `contradicted`: subjects of whom it heard what their owner doesn't have; `epoch`: the owner's.
    """

    facts: int
    subjects: int
    seconds: float
    contradicted: int
    epoch: int


def lag_behind(
    owner: Owner, epoch: int, heads: Sequence[OwnerHead], noted: Mapping[str, Checkpoint]
) -> Lag:
    """What stands behind these heads and not behind what was noted before they were told.

    Asks the owner how old the first facts are that were not heard.
    """
    reached = {subject: checkpoint.sequence for subject, checkpoint in noted.items()}
    late = [head for head in heads if head.sequence > reached.get(head.subject, 0)]
    return Lag(
        facts=sum(head.sequence - reached.get(head.subject, 0) for head in late),
        subjects=len(late),
        seconds=_oldest(owner, late, reached),
        contradicted=len(contradicting(noted, heads)),
        epoch=epoch,
    )


def contradicting(noted: Mapping[str, Checkpoint], owners: Iterable[OwnerHead]) -> dict[str, str]:
    """Subject → why, where what was heard can't be what its owner has; noted before it said so."""
    theirs = {head.subject: head for head in owners}
    found: dict[str, str] = {}
    for subject, checkpoint in sorted(noted.items()):
        owner = theirs.get(subject)
        if checkpoint.id is None:
            continue
        if owner is None or owner.sequence < checkpoint.sequence:
            found[subject] = BEYOND_OWNER
        elif owner.sequence == checkpoint.sequence and owner.id != checkpoint.id:
            found[subject] = OTHER_HISTORY
    return found


def _oldest(owner: Owner, late: Sequence[OwnerHead], reached: Mapping[str, int]) -> float:
    now = clock.now()
    oldest = now
    for head in late[:LOOKED_AT]:
        records, _ = owner.read(head.subject, reached.get(head.subject, 0))
        for record in records[:1]:
            try:
                oldest = min(oldest, read_envelope(record.headers).time)
            except NoEnvelope:
                continue
    return (now - oldest).total_seconds()
