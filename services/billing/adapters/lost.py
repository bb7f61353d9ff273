"""What Kafka holds of commands that this database lost when it was restored.

Only what billing signed is believed. What is left out of rows and lists is the same as if it had
never been: derived facts are derived again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from google.protobuf.message import Message
from ninehours.billing.v1 import billing_events_pb2 as public
from ninehours.common.v1.statements_pb2 import StatementAmended

from kernel.mapping.reading import Reader, fact_reader
from kernel.messaging.amendments import AMENDED
from kernel.messaging.brokers import Brokers
from kernel.messaging.envelope import Envelope, NoEnvelope, Record, read_envelope
from kernel.messaging.signatures import Signatures, Untrusted
from kernel.publishing import PART2, Published
from kernel.refusal import NotYet
from kernel.rpc.client import ASKING, place_among
from kernel.store.statements import text
from kernel.store.store import Store
from operations.kafka_topic import KafkaAway, KafkaTopic
from services.billing.adapters.publication import DECISIONS
from services.billing.app.ports import Lost, LostClaimFact, LostFact
from services.billing.domain.claims import claim, issue
from services.billing.domain.history.history import ClaimLine

BATCH = 1000  # records looked up at once
OF_COMMANDS: Mapping[str, type[Message]] = {
    message.DESCRIPTOR.full_name: message
    for decision in DECISIONS.values()
    if isinstance(decision, Published)
    for message in decision.messages
} | {AMENDED: StatementAmended}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Why a claim might leave: told of it apart, in the same breath."""

    consent_id: str = ""
    basis: issue.Basis | Literal[""] = ""
    permit_id: str = ""
    permit_sequence: int = 0
    permit_fact_id: str = ""


_DISCLOSED = public.Disclosed.DESCRIPTOR.full_name
# A claim says of all its lines at once where and by whom they are billed.
_line = fact_reader(public.ClaimLine, ClaimLine, site_id="", provider_id="")
_issued = fact_reader(
    public.ClaimIssued,
    issue.ClaimIssued,
    lines=_line,
    number=lambda message, field: getattr(message, field) or issue.claim_number(message.claim_id),
    given={"under_part2", *(field.name for field in fields(Disclosure))},
)
_disclosure = fact_reader(public.Disclosed, Disclosure)
OF_CLAIMS: Mapping[str, Reader[Any, Any]] = {
    reader.message.DESCRIPTOR.full_name: reader
    for reader in (
        fact_reader(
            public.ClaimAdjudicated, claim.ClaimAdjudicated, overrides=(), given={"under_part2"}
        ),
        fact_reader(public.ClaimReplaced, claim.ClaimReplaced, given={"under_part2"}),
        fact_reader(public.ClaimVoided, claim.ClaimVoided, given={"under_part2"}),
    )
}
_ISSUED = public.ClaimIssued.DESCRIPTOR.full_name


class KafkaLost:
    """The LostFacts port: this service's own topic, read to its end."""

    def __init__(self, store: Store, brokers: Brokers, signatures: Signatures) -> None:
        self._store = store
        self._brokers = brokers
        self._signatures = signatures

    def __call__(self) -> Lost:
        try:
            with place_among(ASKING), KafkaTopic(self._brokers, self._store.topic) as kept:
                lost, unbelieved = self._lost(self._of_commands(kept.records()))
                forgotten_before = kept.forgotten_before
        except KafkaAway as away:
            raise NotYet(
                "KAFKA_AWAY", "what it holds of this service can't be read", why=str(away)
            ) from None
        in_order = sorted(
            lost.values(), key=lambda told: (told[0].signed_at, told[0].epoch, told[0].sequence)
        )
        return replace(lost_of(in_order), forgotten_before=forgotten_before, unbelieved=unbelieved)

    def _lost(
        self, told: Iterator[tuple[Envelope, bytes] | None]
    ) -> tuple[dict[UUID, tuple[Envelope, Message]], int]:
        """What of it this database doesn't have, by id; and how many records nobody believes."""
        lost: dict[UUID, tuple[Envelope, Message]] = {}
        unbelieved = 0
        while some := list(islice(told, BATCH)):
            believed = [envelope_and_body for envelope_and_body in some if envelope_and_body]
            unbelieved += len(some) - len(believed)
            known = self._known([envelope for envelope, _ in believed])
            for envelope, body in believed:
                if envelope.id not in known:
                    message = OF_COMMANDS[envelope.type].FromString(body)
                    lost[envelope.id] = (envelope, message)
        return lost, unbelieved

    def _of_commands(self, records: Iterator[Record]) -> Iterator[tuple[Envelope, bytes] | None]:
        """None for each that isn't billing's word."""
        for record in records:
            try:
                envelope = read_envelope(record.headers)
                if envelope.type not in OF_COMMANDS:
                    continue
                if envelope.network != self._store.network:
                    raise Untrusted
                self._signatures.check(record, envelope, 0)
            except (NoEnvelope, Untrusted):
                yield None
            else:
                yield envelope, record.body

    def _known(self, envelopes: Sequence[Envelope]) -> set[Any]:
        with self._store.transaction() as tx:
            rows = tx.connection.execute(
                text("SELECT id FROM published WHERE id = ANY(CAST(:ids AS uuid[]))"),
                {"ids": [envelope.id for envelope in envelopes]},
            )
            return {row.id for row in rows}


def lost_of(found: Sequence[tuple[Envelope, Any]]) -> Lost:
    """Of claims what can be recorded again; of all else that it was. In the order of `found`."""
    disclosed = {
        envelope.causation: _disclosure(message)
        for envelope, message in found
        if envelope.type == _DISCLOSED
    }
    of_claims: list[LostClaimFact] = []
    others: list[LostFact] = []
    for envelope, message in found:
        under_part2 = envelope.label == PART2
        fact: Any = None
        if envelope.type == _ISSUED:
            told = disclosed.get(envelope.causation, Disclosure())
            fact = _issued(message, under_part2=under_part2, **asdict(told))
        elif (reader := OF_CLAIMS.get(envelope.type)) is not None:
            fact = reader(message, under_part2=under_part2)
        about = LostFact(
            fact_id=str(envelope.id),
            type=envelope.type,
            subject=envelope.subject,
            signed_at=envelope.signed_at,
        )
        if fact is not None:
            of_claims.append(LostClaimFact(about=about, fact=fact))
        elif envelope.type != _DISCLOSED:
            others.append(about)
    return Lost(of_claims=tuple(of_claims), others=tuple(others))
