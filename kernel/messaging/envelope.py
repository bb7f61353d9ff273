"""A public fact as Kafka carries it: CloudEvents 1.0, binary mode, with our own extensions.

Beside it the record that it came in: from Kafka, or from the owner of the log it stands in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from kernel.facts import Label

CONTENT_TYPE = b"application/protobuf"
# Strictest last: a derived fact carries the strictest label of what it rests on.
LABELS: tuple[Label, ...] = get_args(Label)

YEARS = range(1970, 9000)
LONGEST_KIND = 40  # of a subject, which is a key of indexes

Headers = Mapping[str, bytes]


class NoEnvelope(Exception):
    """The headers are not an envelope of ours; the text names the header, never its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a fact stands in its owner's published log, and what it is.

    `time`: when it was recorded, by the owner's server; `signed_at`: the `now` of its command.
    `signature`: its owner's (kernel/messaging/signatures.py); empty: it has none.
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
    label: Label
    may_ignore: bool
    causation: str
    correlation: str
    traceparent: str
    signature: str = ""

    def headers(self) -> dict[str, bytes]:
        """As Kafka headers. No value identifies a client."""
        texts = {name: write(getattr(self, field)) for field, (name, _, write) in HEADERS.items()}
        texts = {"ce_specversion": "1.0", **texts}
        if not self.signature:
            del texts[SIGNATURE]
        return {name: text.encode() for name, text in texts.items()} | {
            "content-type": CONTENT_TYPE
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a topic holds at an offset; its owner gives partition -1, and the sequence as offset.

    Of what an owner gives: `position`, where it stands in the whole log, and `unsigned_to`, up to
    which position the owner says that facts may stand without a signature. A topic says neither.
    """

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    body: bytes
    position: int = 0
    unsigned_to: int = 0

    @property
    def from_owner(self) -> bool:
        """Whether its owner was asked: only then is it believed about its owner's log."""
        return self.partition < 0


def read_envelope(headers: Headers) -> Envelope:
    """The envelope these headers make; NoEnvelope when one is missing or can't be read."""
    said: dict[str, Any] = {}
    for field, (name, read, _) in HEADERS.items():
        if field == "signed_at" and name not in headers:
            said[field] = said["time"]  # Records of older releases don't say.
            continue
        if field == "signature" and name not in headers:
            continue  # Who hears it judges that.
        try:
            text = headers[name].decode()
            if "\x00" in text or not (text or field in MAY_BE_EMPTY):
                raise ValueError  # PostgreSQL's text can't hold a NUL
            said[field] = read(text)
        except (KeyError, ValueError, AttributeError):
            raise NoEnvelope(name) from None
    return Envelope(**said)


def strictest(labels: Iterable[Label]) -> Label:
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


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < 1:
        raise ValueError
    return int(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    # Nobody's clock shows another; at the ends of the calendar no zone can be applied.
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError
    return moment


def _subject(text: str) -> str:
    if not is_subject(text):
        raise ValueError
    return text


def _label(text: str) -> str:
    if text not in LABELS:
        raise ValueError
    return text


SIGNATURE = "ce_signature"
# Field → its header, how that is read, and how it is written.
HEADERS: Mapping[str, tuple[str, Callable[[str], Any], Callable[[Any], str]]] = {
    "id": ("ce_id", UUID, str),
    "type": ("ce_type", str, str),
    "source": ("ce_source", str, str),
    "subject": ("ce_subject", _subject, str),
    "time": ("ce_time", _moment, datetime.isoformat),
    "signed_at": ("ce_signedat", _moment, datetime.isoformat),
    "epoch": ("ce_epoch", _number, str),
    "sequence": ("ce_sequence", _number, str),
    "network": ("ce_network", str, str),
    "label": ("ce_label", _label, str),
    "may_ignore": ("ce_mayignore", "true".__eq__, {True: "true", False: "false"}.__getitem__),
    "causation": ("ce_causationid", str, str),
    "correlation": ("ce_correlationid", str, str),
    "traceparent": ("ce_traceparent", str, str),
    "signature": (SIGNATURE, str, str),
}
MAY_BE_EMPTY = {"causation", "correlation", "traceparent"}
