"""What a service tells of its own facts, over gRPC: who signed each, and what it rests on."""

from uuid import UUID

from ninehours.exchange.v1 import fact_service_pb2 as pb

from kernel.facts import id_of, kind_of
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.policy import BindingKind
from kernel.rpc.translate import optional, timestamp_of, to_timestamp
from kernel.sites import speaks_for_every
from kernel.store.store import Store, Transaction
from operations import explaining
from operations.explaining import Explained, Revision

SERVICE = pb.DESCRIPTOR.services_by_name["FactService"]
MOST = 1000


class FactServicer:
    """Answers from the service's own database; `client` tells whose each client is."""

    def __init__(self, store: Store, client: BindingKind) -> None:
        self._store = store
        self._client = client

    def ExplainFacts(self, request: pb.ExplainFactsRequest, call: Call) -> pb.ExplainFactsResponse:
        ids, until = _ids(request), optional(timestamp_of, request, "as_of")
        with self._store.transaction() as tx:
            found = explaining.explain(tx.connection, ids, until)
            shown = {
                subject
                for subject in {fact.subject for fact in found}
                if self._is_shown(tx, subject, call.actor.sites)
            }
        found = [fact for fact in found if fact.subject in shown]
        return pb.ExplainFactsResponse(facts=[self._fact(fact) for fact in found])

    def _is_shown(self, tx: Transaction, subject: str, sites: frozenset[str]) -> bool:
        """A client's facts at the client's sites; of sites, staff, payers and rules, everywhere."""
        if speaks_for_every(sites) or kind_of(subject) != "client":
            return True
        return self._client.covered_by(sites, tx, id_of(subject))

    def _fact(self, fact: Explained) -> pb.ExplainedFact:
        return pb.ExplainedFact(
            id=str(fact.id),
            type=fact.type,
            topic=self._store.topic,
            subject=fact.subject,
            sequence=fact.sequence,
            signed_at=to_timestamp(fact.signed_at),
            recorded_at=to_timestamp(fact.recorded_at),
            label=fact.label,
            actor=fact.actor,
            command_id=fact.command_id,
            correlation_id=fact.correlation,
            derived=_derived(fact.derived) if fact.derived else None,
        )


def _derived(revision: Revision) -> pb.DerivedFrom:
    return pb.DerivedFrom(
        row_id=str(revision.row_id),
        kind=revision.kind,
        revision=revision.revision,
        withdrawn=revision.withdrawn,
        current=revision.current,
        facts=revision.facts,
        rules=revision.rules,
        code=revision.code,
    )


def _ids(request: pb.ExplainFactsRequest) -> list[UUID]:
    if len(request.ids) > MOST:
        raise Malformed(ids=f"has more than {MOST}")
    try:
        return [UUID(fact_id) for fact_id in request.ids]
    except ValueError:
        raise Malformed(ids="holds what is not a UUID") from None
