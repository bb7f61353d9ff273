"""What a service answers beside its own RPCs: to operators, and of why its facts are so."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ninehours.exchange.v1 import fact_service_pb2 as fact_pb
from ninehours.exchange.v1 import listener_service_pb2 as listener_pb
from ninehours.exchange.v1 import operating_service_pb2 as operating_pb

from kernel import clock
from kernel.facts import Position, id_of, kind_of
from kernel.keys.ports import MasterKeyUse
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.messaging.caught_up import is_caught_up, pending_count
from kernel.messaging.checkpoints import EPOCH_LOWERED, EPOCH_RAISED
from kernel.messaging.comparison import Lag
from kernel.messaging.heartbeat import Heartbeat
from kernel.messaging.pending_work import PendingWork
from kernel.patience import wait_for
from kernel.process import Opened
from kernel.refusal import Malformed, NotYet, Unknown
from kernel.rpc.call import Call
from kernel.rpc.client import ASKING, place_among
from kernel.rpc.commands import patience_of
from kernel.rpc.policy import BindingKind
from kernel.rpc.published_log import RemoteOwner
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import optional, reading, required_text, timestamp_of, to_timestamp
from kernel.secrets import SigningKeyAge
from kernel.sites import speaks_for_every
from kernel.store.database import is_passing
from kernel.store.store import Store, Transaction
from kernel.tls.certificates import Certificate
from kernel.watching.waiting import Waiting, relay_is_active, stream_ordinals, waiting
from operations import status
from operations.explaining import Explained, explain
from operations.kafka_topic import answers
from operations.parked import (
    EarlierRelease,
    Parked,
    earlier_releases,
    give_up,
    list_parked,
    parked_of,
    position_of,
    release,
    resync,
)
from operations.read_audit import SERVICE as READ_AUDIT
from operations.read_audit import ReadAuditServicer
from operations.verifying.examination import ServiceChecks
from operations.verifying.verification import Checked, Verification

FACTS = fact_pb.DESCRIPTOR.services_by_name["FactService"]
LISTENER = listener_pb.DESCRIPTOR.services_by_name["ListenerService"]
OPERATING = operating_pb.DESCRIPTOR.services_by_name["OperatingService"]
MOST_EXPLAINED = 1000
MARGIN = 0.2  # seconds kept for the answer
LONGEST_WAIT = 600  # seconds
MOST_REWRAPPED = 500  # keys in one call

_explained = writer(
    fact_pb.ExplainedFact, Explained, given=("topic",), correlation_id=named("correlation")
)
MOST_OF_A_REASON = 500  # characters
_parked = writer(operating_pb.GetParkedResponse, Parked, given=("earlier_releases",))
_earlier_release = writer(operating_pb.EarlierRelease, EarlierRelease)
_parked_in_list = writer(listener_pb.Parked, Parked, id=lambda parked: str(parked.id))
_status = writer(
    operating_pb.GetStatusResponse,
    Waiting,
    given=(
        "service",
        "processes",
        "kafka",
        "lags",
        "no_write",
        "master_keys",
        "key_store_away",
        "signing_keys",
    ),
    outbox=lambda waiting: operating_pb.Outbox(
        unsent=waiting.unsent, oldest_seconds=waiting.unsent_seconds
    ),
    oldest_due_seconds=named("due_seconds"),
)
_master_key = writer(
    operating_pb.MasterKey,
    MasterKeyUse,
    id=named("master"),
    missing=lambda use: not use.is_here,
)
_signing_key = writer(
    operating_pb.SigningKey,
    SigningKeyAge,
    given=("seconds",),
    unpublished=lambda key: not key.published,
)
_lag = writer(operating_pb.Lag, Lag, given=("topic", "stopped"), owner_away="")
_checked = writer(
    operating_pb.VerifyResponse,
    Checked,
    check=named("check.name"),
    unit=named("check.unit"),
    findings_total=named("total"),
)


def operations_of(opened: Opened, service_checks: ServiceChecks) -> Mapping[Any, object]:
    """Each gRPC service's descriptor, and what answers it."""
    return {
        LISTENER: ListenerServicer(opened.store),
        FACTS: FactServicer(opened.store, opened.kinds["client"]),
        READ_AUDIT: ReadAuditServicer(opened.store),
        OPERATING: OperatingServicer(opened, service_checks),
    }


class ListenerServicer:
    """Answers from the service's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def Settled(
        self, request: listener_pb.SettledRequest, call: Call
    ) -> listener_pb.SettledResponse:
        heads = [Position(head.topic, head.subject, head.sequence) for head in request.heads]

        def settled() -> bool:
            with self._store.transaction() as tx:
                return is_caught_up(tx.connection, heads)

        if not wait_for(settled, patience_of(call, MARGIN)):
            raise NotYet("NOT_HEARD_YET", "not everything is heard and derived yet; ask again")
        return listener_pb.SettledResponse(heard=len(heads))

    def ListParked(
        self, _: listener_pb.ListParkedRequest, __: Call
    ) -> listener_pb.ListParkedResponse:
        with self._store.transaction() as tx:
            found = list_parked(tx.connection)
        return listener_pb.ListParkedResponse(parked=[_parked_in_list(parked) for parked in found])


class FactServicer:
    """Answers from the service's own database; `client` tells whose each client is."""

    def __init__(self, store: Store, client: BindingKind) -> None:
        self._store = store
        self._client = client

    def ExplainFacts(
        self, request: fact_pb.ExplainFactsRequest, call: Call
    ) -> fact_pb.ExplainFactsResponse:
        ids, until = _ids(request), optional(timestamp_of, request, "as_of")
        with self._store.transaction() as tx:
            found = explain(tx.connection, ids, until)
            shown = {
                subject
                for subject in {fact.subject for fact in found}
                if self._is_shown(tx, subject, call.actor.sites)
            }
        return fact_pb.ExplainFactsResponse(
            facts=[
                _explained(fact, topic=self._store.topic) for fact in found if fact.subject in shown
            ]
        )

    def _is_shown(self, tx: Transaction, subject: str, sites: frozenset[str]) -> bool:
        """A client's facts at the client's sites; of sites, staff, payers and rules, everywhere."""
        if speaks_for_every(sites) or kind_of(subject) != "client":
            return True
        return self._client.covered_by(sites, tx, id_of(subject))


class OperatingServicer:
    """Answers from the service's own database, and from what it hears of others.

    `service_checks`: what the service brings to being verified.
    """

    def __init__(self, opened: Opened, service_checks: ServiceChecks) -> None:
        self._of = opened
        self._service_checks = service_checks
        self._store = opened.store

    def GetStatus(
        self, _: operating_pb.GetStatusRequest, __: Call
    ) -> operating_pb.GetStatusResponse:
        with self._store.engine.connect() as connection:
            no_write = Heartbeat("api", shown=self._of.shown).beat_with_room(connection)
        with self._store.transaction() as tx:
            beats = status.heartbeats(tx.connection)
            waits = waiting(tx.connection)
            relay = relay_is_active(tx.connection)
            ordinals = stream_ordinals(tx.connection)
            topics = status.topics(tx.connection)
        try:
            master_keys = [_master_key(use) for use in self._store.vault.keys.uses()]
        except Exception as error:  # how the rest is doing is told all the same
            if not is_passing(error):
                raise
            master_keys = None
        with place_among(ASKING):
            kafka = answers(self._of.brokers, self._store.topic)
        now = clock.now()
        processes = [
            _process("api", beats, up=True, shown=self._of.shown(), now=now),
            _process("relay", beats, up=relay, now=now),
        ]
        if self._of.owners:
            processes.append(
                _process("stream", beats, up=bool(ordinals), ordinals=ordinals, now=now)
            )
        return _status(
            waits,
            service=self._of.name,
            processes=processes,
            kafka=kafka,
            lags=[
                self._lag(owner, *topics.get(topic, (0, "")))
                for topic, owner in self._of.owners.items()
            ],
            no_write=no_write,
            master_keys=master_keys or [],
            key_store_away=master_keys is None,
            signing_keys=[
                _signing_key(key, seconds=_seconds(key.made_at, now))
                for key in self._of.signing_keys()
            ],
        )

    def GetParked(
        self, request: operating_pb.GetParkedRequest, _: Call
    ) -> operating_pb.GetParkedResponse:
        parked_id = required_text(request, "id")
        with self._store.transaction() as tx:
            parked = parked_of(tx.connection, parked_id)
            earlier = earlier_releases(tx.connection, parked)
        return _parked(parked, earlier_releases=map(_earlier_release, earlier))

    def ReleaseParked(
        self, request: operating_pb.ReleaseParkedRequest, call: Call
    ) -> operating_pb.ReleaseParkedResponse:
        parked_id, reason = _with_reason(request)
        with self._store.transaction() as tx:
            does = release(tx, parked_id, by=call.actor.id, reason=reason)
        return operating_pb.ReleaseParkedResponse(does=does)

    def GiveUpParked(
        self, request: operating_pb.GiveUpParkedRequest, call: Call
    ) -> operating_pb.GiveUpParkedResponse:
        parked_id, reason = _with_reason(request)
        rest = self._rest_of(parked_id)
        with self._store.transaction() as tx:
            by, at = give_up(tx, parked_id, by=call.actor.id, reason=reason, rest_to=rest)
        return operating_pb.GiveUpParkedResponse(given_up_by=by, given_up_at=to_timestamp(at))

    def ResyncTopic(
        self, request: operating_pb.ResyncTopicRequest, _: Call
    ) -> operating_pb.ResyncTopicResponse:
        with reading(request) as read:
            topic = read.text("topic")
        if topic not in self._of.owners:
            raise Unknown("topic", topic)
        epoch, heads = self._of.owners[topic].epoch_and_heads()
        with self._store.transaction() as tx:
            resync(tx.connection, topic, epoch, heads)
        return operating_pb.ResyncTopicResponse(epoch=epoch, subjects=len(heads))

    def Rebuild(self, _: operating_pb.RebuildRequest, __: Call) -> operating_pb.RebuildResponse:
        with self._store.transaction() as tx:
            revisions = _revisions(tx)
        due = PendingWork(self._store, self._of.subscriptions).mark_all()
        return operating_pb.RebuildResponse(due=due, revisions=revisions)

    def CountDerived(
        self, _: operating_pb.CountDerivedRequest, __: Call
    ) -> operating_pb.CountDerivedResponse:
        with self._store.transaction() as tx:
            return operating_pb.CountDerivedResponse(
                revisions=_revisions(tx),
                due=pending_count(tx.connection),
                failed=waiting(tx.connection).failed,
            )

    def RewrapKeys(
        self, _: operating_pb.RewrapKeysRequest, __: Call
    ) -> operating_pb.RewrapKeysResponse:
        keys = self._store.vault.keys
        rewrapped = keys.rewrap(MOST_REWRAPPED)
        keys.note_masters()
        uses = keys.uses()
        return operating_pb.RewrapKeysResponse(
            master_key=next((use.master for use in uses if use.in_use), ""),
            rewrapped=rewrapped,
            left=sum(use.wraps for use in uses if not use.in_use),
        )

    def Verify(
        self, request: operating_pb.VerifyRequest, call: Call
    ) -> Iterator[operating_pb.VerifyResponse]:
        with reading(request) as read:
            wait = read.integer("wait_seconds", low=0, high=LONGEST_WAIT)
        verification = Verification(
            store=self._store,
            subscriptions=self._of.subscriptions,
            signatures=self._of.signatures,
            service_checks=self._service_checks,
            owners=self._of.owners,
            brokers=self._of.brokers,
        )
        yield from map(_checked, verification.verify(wait, call.active))

    def _lag(self, owner: RemoteOwner, epoch: int, stopped: str) -> operating_pb.Lag:
        try:
            lag = status.lag_now(self._store, owner)
        except RemoteRefusal as refusal:
            return operating_pb.Lag(topic=owner.topic, owner_away=refusal.reason, stopped=stopped)
        if not stopped and epoch not in (0, lag.epoch):  # the next comparison stops it
            stopped = EPOCH_RAISED if lag.epoch > epoch else EPOCH_LOWERED
        return _lag(lag, topic=owner.topic, stopped=stopped)

    def _rest_of(self, parked_id: str) -> int | None:
        """How far the owner goes on after a parked record, asked outside of any transaction."""
        with self._store.transaction() as tx:
            position = position_of(tx, parked_id)
        if position is None or position.topic not in self._of.owners:
            return None
        try:
            records, _ = self._of.owners[position.topic].read(position.subject, position.sequence)
        except RemoteRefusal:
            return None  # the next comparison of checkpoints finds it
        return records[-1].offset if records else None


def _with_reason(
    request: operating_pb.ReleaseParkedRequest | operating_pb.GiveUpParkedRequest,
) -> tuple[str, str]:
    """Which parked thing, and why, for those who ask later; Malformed without either."""
    with reading(request) as read:
        parked_id = read.text("id")
        reason = read.text("reason", max_length=MOST_OF_A_REASON)
    return parked_id, reason


def _ids(request: fact_pb.ExplainFactsRequest) -> list[UUID]:
    if len(request.ids) > MOST_EXPLAINED:
        raise Malformed(ids=f"has more than {MOST_EXPLAINED}")
    try:
        return [UUID(fact_id) for fact_id in request.ids]
    except ValueError:
        raise Malformed(ids="holds what is not a UUID") from None


def _process(
    name: str,
    beats: Mapping[tuple[str, int], status.Beat],
    *,
    up: bool,
    now: datetime,
    ordinals: Sequence[int] | None = None,
    shown: Sequence[Certificate] | None = None,
) -> operating_pb.Process:
    """`shown`: what this process shows now, where it is the one that answers."""
    of = [beats.get((name, ordinal)) for ordinal in ((0,) if ordinals is None else ordinals)]
    known = [beat for beat in of if beat is not None]
    if shown is None:
        shown = [certificate for beat in known if up for certificate in beat.certificates]
    # Of the one who beat longest ago; none: one never did.
    oldest = max((beat.seconds for beat in known), default=None) if len(known) == len(of) else None
    return operating_pb.Process(
        name=name,
        up=up,
        ordinals=ordinals or (),
        beat_seconds=oldest,
        certificates=[_certificate(each, now) for each in dict.fromkeys(shown)],
    )


def _certificate(certificate: Certificate, now: datetime) -> operating_pb.Certificate:
    return operating_pb.Certificate(
        wire=certificate.wire,
        name=certificate.name,
        seconds=(now - certificate.valid_from).total_seconds(),
        left_seconds=(certificate.valid_until - now).total_seconds(),
    )


def _seconds(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since).total_seconds()


def _revisions(tx: Transaction) -> int:
    return int(tx.execute("SELECT count(*) FROM derived").scalar_one())
