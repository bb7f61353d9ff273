"""A public fact as Kafka carries it: CloudEvents 1.0, binary mode, with our own extensions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

CONTENT_TYPE = b"application/protobuf"
# Strictest last: a derived fact carries the strictest label of what it rests on.
LABELS = ("HIPAA", "PART2", "NOTES")

YEARS = range(1970, 9000)
LONGEST_KIND = 40  # of a subject, which is a key of indexes

Headers = Mapping[str, bytes]


class NoEnvelope(Exception):
    """The headers are not an envelope of ours; the text names the header, never its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a fact stands in its owner's published log, and what it is.

    `time`: when it was recorded, by the owner's server; `signed_at`: the `now` of its command.
    """

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    signed_at: datetime
    epoch: int
    sequence: int
    network: str
    label: str
    may_ignore: bool
    causation: str
    correlation: str
    traceparent: str

    def headers(self) -> dict[str, bytes]:
        """As Kafka headers. No value identifies a client."""
        texts = {
            "ce_specversion": "1.0",
            "ce_id": str(self.id),
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_subject": self.subject,
            "ce_time": self.time.isoformat(),
            "ce_signedat": self.signed_at.isoformat(),
            "ce_epoch": str(self.epoch),
            "ce_sequence": str(self.sequence),
            "ce_network": self.network,
            "ce_label": self.label,
            "ce_mayignore": "true" if self.may_ignore else "false",
            "ce_causationid": self.causation,
            "ce_correlationid": self.correlation,
            "ce_traceparent": self.traceparent,
        }
        return {name: text.encode() for name, text in texts.items()} | {
            "content-type": CONTENT_TYPE
        }


def read_envelope(headers: Headers) -> Envelope:
    """The envelope these headers make; NoEnvelope when one is missing or can't be read."""
    reading = _Reading(headers)
    return Envelope(
        id=reading.uuid("ce_id"),
        type=reading.text("ce_type"),
        source=reading.text("ce_source"),
        subject=reading.subject("ce_subject"),
        time=reading.time("ce_time"),
        # Records of older releases don't say.
        signed_at=reading.time("ce_signedat" if "ce_signedat" in headers else "ce_time"),
        epoch=reading.number("ce_epoch"),
        sequence=reading.number("ce_sequence"),
        network=reading.text("ce_network"),
        label=reading.label("ce_label"),
        may_ignore=reading.text("ce_mayignore") == "true",
        causation=reading.text("ce_causationid", empty=True),
        correlation=reading.text("ce_correlationid", empty=True),
        traceparent=reading.text("ce_traceparent", empty=True),
    )


def strictest(labels: Iterable[str]) -> str:
    """The strictest of these labels; HIPAA when there are none."""
    return max(labels, key=LABELS.index, default="HIPAA")


def is_subject(told: str) -> bool:
    """Whether it is written as subjects are: `client/<uuid>`."""
    kind, _, key = told.partition("/")
    try:
        canonical = str(UUID(key)) == key  # one subject has one spelling
    except ValueError:
        return False
    return canonical and kind.isidentifier() and len(kind) <= LONGEST_KIND


class _Reading:
    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def text(self, name: str, *, empty: bool = False) -> str:
        try:
            value = self._headers[name].decode()
        except (KeyError, UnicodeDecodeError, AttributeError):
            raise NoEnvelope(name) from None
        if (not value and not empty) or "\x00" in value:  # which PostgreSQL's text can't hold
            raise NoEnvelope(name)
        return value

    def uuid(self, name: str) -> UUID:
        try:
            return UUID(self.text(name))
        except ValueError:
            raise NoEnvelope(name) from None

    def number(self, name: str) -> int:
        text = self.text(name)
        if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < 1:
            raise NoEnvelope(name)
        return int(text)

    def time(self, name: str) -> datetime:
        try:
            time = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise NoEnvelope(name) from None
        # Nobody's clock shows another; at the ends of the calendar no zone can be applied.
        if time.tzinfo is None or time.year not in YEARS:
            raise NoEnvelope(name)
        return time

    def subject(self, name: str) -> str:
        text = self.text(name)
        if not is_subject(text):
            raise NoEnvelope(name)
        return text

    def label(self, name: str) -> str:
        text = self.text(name)
        if text not in LABELS:
            raise NoEnvelope(name)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a topic holds at an offset; its owner gives partition -1, and the sequence as offset."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    body: bytes

    @property
    def from_owner(self) -> bool:
        """Whether its owner was asked: only then is it believed about its owner's log."""
        return self.partition < 0
