"""Verifying one service: the heads, a wait, one snapshot, and check after check."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from kernel.facts import Position
from kernel.messaging.brokers import Brokers
from kernel.messaging.caught_up import is_caught_up
from kernel.messaging.envelope import Record
from kernel.messaging.owners import Owner, OwnerHead
from kernel.messaging.parking import what_failed
from kernel.messaging.signatures import Signatures
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.database import is_away
from kernel.store.store import Store
from operations.kafka_topic import KafkaAway, KafkaTopic
from operations.verifying import inbox, outbox, projections, signed
from operations.verifying.examination import (
    Check,
    Examination,
    Finding,
    NobodyWaits,
    ServiceChecks,
)

CHECKS = (
    Check("published sequences are whole", "facts", outbox.sequences_are_whole),
    Check("facts are of accepted commands", "commands", outbox.commands_are_whole),
    Check("commands' facts are published", "facts", outbox.facts_are_published),
    Check("published facts are signed", "facts", signed.facts_are_signed),
    Check("sent facts are in Kafka", "facts", outbox.sent_is_in_kafka),
    Check("documents open, and are unaltered", "documents", outbox.documents_open),
)
LISTENING = (
    Check("heads are the owners'", "subjects", inbox.heads_are_the_owners),
    Check("heard facts are what owners published", "facts", inbox.facts_are_the_owners),
    Check("heard facts are signed by their owners", "facts", signed.heard_is_signed),
    Check("own facts heard are what was published", "facts", inbox.own_facts_are_the_published),
    Check("heard facts are filed rightly", "facts", inbox.references_are_the_facts),
    Check("nothing that holds up is hidden", "subjects", inbox.nothing_held_up_is_hidden),
    Check("reactions are done", "facts", inbox.reactions_are_done),
    Check("rows are as derived anew", "rows", projections.rows_are_derived_anew),
    Check("revisions are published", "revisions", projections.revisions_are_published),
)
"""Of services that hear others."""


LISTED = 100  # findings of one check that are named
LOOK = 0.1  # seconds between two looks at what was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How one check came out; `in_progress`: it begins."""

    check: Check
    looked_at: int
    findings: Sequence[Finding]
    total: int
    in_progress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One service, with all that it is compared with."""

    store: Store
    subscriptions: Subscriptions
    signatures: Signatures
    service_checks: ServiceChecks
    owners: Mapping[str, Owner]
    brokers: Brokers

    def verify(self, wait: float, is_awaited: Callable[[], bool]) -> Iterator[Checked]:
        """Check after check. Nothing is written; nothing waits longer than `wait` seconds."""
        heads = {topic: owner.epoch_and_heads()[1] for topic, owner in self.owners.items()}
        self._wait(heads, time.monotonic() + wait, is_awaited)
        kafka = _KafkaReading(self.brokers, self.store.topic)
        checks = (*CHECKS, *(LISTENING if self.owners else ()), *self.service_checks.checks)
        with self.store.snapshot() as tx:
            examination = Examination(
                store=self.store,
                connection=tx.connection,
                subscriptions=self.subscriptions,
                signatures=self.signatures,
                publish=self.service_checks.publish,
                owners=self.owners,
                heads=heads,
                kafka=kafka.records,
                forgotten_before=kafka.forgotten_before,
                is_awaited=is_awaited,
            )
            with suppress(NobodyWaits):
                for check in checks:
                    yield from _run(check, examination)

    def _wait(
        self,
        heads: Mapping[str, Sequence[OwnerHead]],
        until: float,
        is_awaited: Callable[[], bool],
    ) -> None:
        """Until these are heard and nothing is due, or the time is over: then it is found out."""
        positions = [
            Position(topic, head.subject, head.sequence)
            for topic, found in heads.items()
            for head in found
        ]
        while time.monotonic() < until and is_awaited():
            with self.store.transaction() as tx:
                if is_caught_up(tx.connection, positions):
                    return
            time.sleep(LOOK)


class _KafkaReading:
    """Kafka, opened when a check reads it."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self._brokers = brokers
        self._topic = topic
        self._read: KafkaTopic | None = None

    def records(self) -> Iterator[Record]:
        """All that the topic holds."""
        with KafkaTopic(self._brokers, self._topic) as self._read:
            yield from self._read.records()

    def forgotten_before(self) -> datetime | None:
        """The time up to which it forgot, once it was read."""
        return self._read.forgotten_before if self._read else None


def _run(check: Check, examination: Examination) -> Iterator[Checked]:
    examination.looked_at = 0
    findings: list[Finding] = []
    total = 0
    yield Checked(check=check, looked_at=0, findings=(), total=0, in_progress=True)
    try:
        # Where the database refuses a statement, the snapshot stays good for the next check.
        with examination.connection.begin_nested():
            for finding in check.find(examination):
                total += 1
                if len(findings) < LISTED:
                    findings.append(finding)
    except NobodyWaits:
        raise
    except KafkaAway as error:
        total += 1
        findings.append(
            Finding("KAFKA_AWAY", examination.store.topic, f"could not be read: {error}")
        )
    except Exception as error:
        if is_away(error):
            raise
        total += 1
        says = f"ended early, what follows wasn't looked at: {what_failed(error)}"
        findings.append(Finding("CHECK_FAILED", check.name, says))
    yield Checked(
        check=check, looked_at=examination.looked_at, findings=tuple(findings), total=total
    )
