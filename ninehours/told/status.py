"""How a service is doing, in words: what isn't well with it, and what to do next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ninehours.exchange.v1 import operating_service_pb2 as pb

LATE = 60.0  # seconds from which what waits is late: heads are compared once a minute
DAY = 86_400.0  # seconds
LATEST_ISSUED = 5 * DAY  # before a certificate's end, whoever issues long-lived ones did so anew


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that some processes of a service show on a wire."""

    service: str
    certificate: pb.Certificate
    shown_by: Sequence[str]

    def processes(self) -> str:
        """`relay, stream`."""
        return ", ".join(f"{self.service}-{name}" for name in self.shown_by)

    def is_late(self) -> bool:
        """Whether whoever issues it should have done so by now.

        cert-manager does when a third of its life is left, Strimzi thirty days before its end,
        CloudNativePG seven.
        """
        life = self.certificate.seconds + self.certificate.left_seconds
        return self.certificate.left_seconds < min(LATEST_ISSUED, life / 5)

    def left(self) -> str:
        return age(self.certificate.left_seconds) if self.certificate.left_seconds > 0 else "ENDED"


def problems_of(status: pb.GetStatusResponse) -> Iterator[str]:
    """What isn't well with one service, and what to do next."""
    name = status.service
    yield from _of_processes(status)
    if not status.kafka:
        yield f"{name} gets no answer from Kafka, or {name}'s topic isn't there"
    for lag in status.lags:
        if lag.stopped:
            yield (
                f"{name} hears nothing of {lag.topic} ({lag.stopped}): "
                f"`ninehours resync {lag.topic} --service {name}`"
            )
        elif lag.owner_away:
            yield f"{name} can't ask the owner of {lag.topic} ({lag.owner_away})"
        elif lag.contradicted:
            yield (
                f"{name} heard of {lag.contradicted} subjects of {lag.topic} what its owner doesn't"
                f" have: `ninehours parked list --service {name}`"
            )
        elif lag.seconds > LATE:
            yield f"{name} is {lag.facts} facts behind {lag.topic}: look at {name}-stream's log"
    yield from _of_keys(status)
    yield from _of_certificates(status)
    if status.outbox.oldest_seconds > LATE:
        yield f"{status.outbox.unsent} facts of {name} wait to be sent: look at {name}-relay's log"
    if status.oldest_due_seconds > LATE:
        yield f"{status.due} keys of {name} wait to be derived: look at {name}-stream's log"
    if status.parked or status.stopped or status.failed:
        yield (
            f"{name} waits for a person: {status.parked} records parked, {status.stopped} stopped, "
            f"{status.failed} derivations failed: `ninehours parked list --service {name}`"
        )


def _of_keys(status: pb.GetStatusResponse) -> Iterator[str]:
    name = status.service
    if status.key_store_away:
        yield f"{name}'s key store doesn't answer: what is sealed can't be read until it does"
    for master in status.master_keys:
        if master.missing:
            yield f"{master.wraps} keys of {name} need master key {master.id}: mount it again"
        elif master.wraps and not master.in_use:
            yield (
                f"{master.wraps} keys of {name} are under master key {master.id}, no longer in use:"
                f" `ninehours keys rewrap --service {name}`"
            )


def _of_processes(status: pb.GetStatusResponse) -> Iterator[str]:
    name = status.service
    for process in status.processes:
        if not process.up:
            yield f"no {name}-{process.name} is at work: start it; its log says why it ended"
        elif status.no_write and process.name == "api":
            continue  # its own heartbeat is what wasn't taken
        elif not process.HasField("beat_seconds"):
            yield f"{name}-{process.name} committed no heartbeat yet: look at its log"
        elif process.beat_seconds > LATE:
            yield (
                f"{name}-{process.name}'s last heartbeat is {process.beat_seconds:.0f} s old: it"
                f" hangs, or {name}'s database takes no write; look at its log"
            )
    if status.no_write:
        yield (
            f"{name}'s database takes no write ({status.no_write}): make room on its disk, or mend"
            " what its log says"
        )


def _of_certificates(status: pb.GetStatusResponse) -> Iterator[str]:
    for held in certificates_of(status):
        left = held.certificate.left_seconds
        whose = f"the {held.certificate.wire} certificate of {held.processes()}"
        if left <= 0:
            yield f"{whose} ended {age(-left)} ago: have it issued anew"
        elif held.is_late():
            yield (
                f"{whose} ends in {age(left)}, and wasn't issued anew yet: ask whoever issues it"
            )
    for key in status.signing_keys:
        if key.unpublished:
            yield (
                f"{status.service} signs {key.use} with {key.id}, which isn't published: nobody"
                " believes them"
            )


def certificates_of(status: pb.GetStatusResponse) -> list[Held]:
    """Each once, with all who show it: one that not all of them took yet stands by itself."""
    by_content: dict[bytes, tuple[pb.Certificate, list[str]]] = {}
    for process in status.processes:
        for shown in process.certificates:
            _, names = by_content.setdefault(shown.SerializeToString(), (shown, []))
            names.append(process.name)
    return [Held(status.service, shown, names) for shown, names in by_content.values()]


def age(seconds: float) -> str:
    """`340 days`, `17 hours`, `5 minutes`: the largest of which there are two."""
    for unit, name in ((DAY, "days"), (3600.0, "hours")):
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{max(int(seconds // 60), 0)} minutes"
