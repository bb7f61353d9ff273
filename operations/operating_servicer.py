"""What operators ask of one service, and do, over gRPC."""

from collections.abc import Iterator, Mapping, Sequence

from ninehours.exchange.v1 import operating_service_pb2 as pb
from sqlalchemy import text

from kernel.messaging.caught_up import pending_count
from kernel.messaging.checkpoints import EPOCH_LOWERED, EPOCH_RAISED
from kernel.messaging.heartbeat import Heartbeat
from kernel.messaging.pending_work import PendingWork
from kernel.process import Opened
from kernel.refusal import Unknown
from kernel.rpc.call import Call
from kernel.rpc.client import ASKING, place_among
from kernel.rpc.published_log import RemoteOwner
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import reading, required_text, to_timestamp
from kernel.store.store import Transaction
from operations import status
from operations.kafka_topic import answers
from operations.parked import give_up, parked_of, position_of, release, resync
from operations.verifying.examination import ServiceChecks
from operations.verifying.verification import Checked, Verification

SERVICE = pb.DESCRIPTOR.services_by_name["OperatingService"]
LONGEST_WAIT = 600  # seconds


class OperatingServicer:
    """Answers from the service's own database, and from what it hears of others.

    `service_checks`: what the service brings to being verified.
    """

    def __init__(self, opened: Opened, service_checks: ServiceChecks) -> None:
        self._of = opened
        self._service_checks = service_checks
        self._store = opened.store

    def GetStatus(self, _: pb.GetStatusRequest, __: Call) -> pb.GetStatusResponse:
        with self._store.engine.connect() as connection:
            no_write = Heartbeat("api").beat_with_room(connection)
        with self._store.transaction() as tx:
            beats = status.heartbeats(tx.connection)
            waiting = status.waiting(tx.connection)
            relay = status.relay_is_active(tx.connection)
            ordinals = status.stream_ordinals(tx.connection)
            topics = status.topics(tx.connection)
        with place_among(ASKING):
            kafka = answers(self._of.kafka, self._store.topic)
        processes = [
            pb.Process(name="api", up=True, beat_seconds=_oldest_beat(beats, "api")),
            pb.Process(name="relay", up=relay, beat_seconds=_oldest_beat(beats, "relay")),
        ]
        if self._of.owners:
            age = _oldest_beat(beats, "stream", ordinals)
            up = bool(ordinals)
            processes.append(pb.Process(name="stream", up=up, ordinals=ordinals, beat_seconds=age))
        return pb.GetStatusResponse(
            service=self._of.name,
            processes=processes,
            kafka=kafka,
            lags=[
                self._lag(owner, *topics.get(topic, (0, "")))
                for topic, owner in self._of.owners.items()
            ],
            outbox=pb.Outbox(unsent=waiting.unsent, oldest_seconds=waiting.unsent_seconds),
            behind=waiting.behind,
            stopped=waiting.stopped,
            due=waiting.due,
            oldest_due_seconds=waiting.due_seconds,
            parked=waiting.parked,
            failed=waiting.failed,
            no_write=no_write,
        )

    def GetParked(self, request: pb.GetParkedRequest, _: Call) -> pb.GetParkedResponse:
        parked_id = _id(request)
        with self._store.transaction() as tx:
            parked = parked_of(tx.connection, parked_id)
        return pb.GetParkedResponse(
            kind=parked.kind,
            subject=parked.subject,
            topic=parked.topic,
            type=parked.type,
            error=parked.error,
            at=to_timestamp(parked.at) if parked.at else None,
            partition=parked.partition,
            offset=parked.offset,
            headers=parked.headers,
            body_bytes=parked.body_bytes,
            release=parked.release,
        )

    def ReleaseParked(self, request: pb.ReleaseParkedRequest, _: Call) -> pb.ReleaseParkedResponse:
        parked_id = _id(request)
        with self._store.transaction() as tx:
            return pb.ReleaseParkedResponse(does=release(tx, parked_id))

    def GiveUpParked(self, request: pb.GiveUpParkedRequest, call: Call) -> pb.GiveUpParkedResponse:
        with reading(request) as read:
            parked_id = read.text("id")
            reason = read.text("reason", max_length=500)
        rest = self._rest_of(parked_id)
        with self._store.transaction() as tx:
            by, at = give_up(tx, parked_id, by=call.actor.id, reason=reason, rest_to=rest)
        return pb.GiveUpParkedResponse(given_up_by=by, given_up_at=to_timestamp(at))

    def ResyncTopic(self, request: pb.ResyncTopicRequest, _: Call) -> pb.ResyncTopicResponse:
        with reading(request) as read:
            topic = read.text("topic")
        if topic not in self._of.owners:
            raise Unknown("topic", topic)
        epoch, heads = self._of.owners[topic].epoch_and_heads()
        with self._store.transaction() as tx:
            resync(tx.connection, topic, epoch, heads)
        return pb.ResyncTopicResponse(epoch=epoch, subjects=len(heads))

    def Rebuild(self, _: pb.RebuildRequest, __: Call) -> pb.RebuildResponse:
        with self._store.transaction() as tx:
            revisions = _revisions(tx)
        due = PendingWork(self._store, self._of.subscriptions).mark_all()
        return pb.RebuildResponse(due=due, revisions=revisions)

    def CountDerived(self, _: pb.CountDerivedRequest, __: Call) -> pb.CountDerivedResponse:
        with self._store.transaction() as tx:
            return pb.CountDerivedResponse(
                revisions=_revisions(tx),
                due=pending_count(tx.connection),
                failed=status.waiting(tx.connection).failed,
            )

    def Verify(self, request: pb.VerifyRequest, call: Call) -> Iterator[pb.VerifyResponse]:
        with reading(request) as read:
            wait = read.integer("wait_seconds", low=0, high=LONGEST_WAIT)
        verification = Verification(
            store=self._store,
            subscriptions=self._of.subscriptions,
            service_checks=self._service_checks,
            owners=self._of.owners,
            kafka=self._of.kafka,
        )
        for checked in verification.verify(wait, call.active):
            yield _checked(checked)

    def _lag(self, owner: RemoteOwner, epoch: int, stopped: str) -> pb.Lag:
        try:
            lag = status.lag_behind(self._store, owner)
        except RemoteRefusal as refusal:
            return pb.Lag(topic=owner.topic, owner_away=refusal.reason, stopped=stopped)
        if not stopped and epoch not in (0, lag.epoch):  # the next comparison stops it
            stopped = EPOCH_RAISED if lag.epoch > epoch else EPOCH_LOWERED
        return pb.Lag(
            topic=owner.topic,
            facts=lag.facts,
            subjects=lag.subjects,
            seconds=lag.seconds,
            stopped=stopped,
            contradicted=lag.contradicted,
        )

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


def _oldest_beat(
    beats: Mapping[tuple[str, int], float], process: str, ordinals: Sequence[int] = (0,)
) -> float | None:
    """Seconds since the last beat, of the one who beat longest ago; None: one never did."""
    ages = [beats.get((process, ordinal)) for ordinal in ordinals]
    known = [age for age in ages if age is not None]
    return max(known, default=None) if len(known) == len(ages) else None


def _id(request: pb.GetParkedRequest | pb.ReleaseParkedRequest) -> str:
    return required_text(request, "id")


def _revisions(tx: Transaction) -> int:
    return int(tx.connection.execute(text("SELECT count(*) FROM derived")).scalar_one())


def _checked(checked: Checked) -> pb.VerifyResponse:
    return pb.VerifyResponse(
        check=checked.check.name,
        unit=checked.check.unit,
        looked_at=checked.looked_at,
        findings=[
            pb.Finding(reason=finding.reason, about=finding.about, says=finding.says)
            for finding in checked.findings
        ],
        findings_total=checked.total,
        in_progress=checked.in_progress,
    )
