"""What services once published can be read by today's code: a file for each type, never edited.

A published log is kept as it was signed, in bytes: a file has those of one fact, and what they say.
`NINEHOURS_WRITE_GOLDEN=1` writes those that are missing, of goldens of what is stored; one that is
there is never written anew.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.codec import Codec
from kernel.facts import HeardFact, Recorded, derived_id
from kernel.messaging.amendments import AMENDED, history_of
from kernel.messaging.persons import SAYINGS
from kernel.process import Service
from kernel.services import SERVICES, topic_of

TESTS = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
AT = datetime(2026, 3, 9, 15, tzinfo=UTC)
CLIENT = "client/6f1c2a44-8b57-4d0e-9a43-1f0c7a2e9b01"
ROWS = {"billing": "golden/rows", "plans": "golden_rows"}


def types_of(service: str) -> list[str]:
    """Of the facts that a service publishes: no other message is made of them."""
    events = import_module(f"ninehours.{service}.v1.{service}_events_pb2").DESCRIPTOR
    messages = events.message_types_by_name.values()
    parts = {field.message_type for message in messages for field in message.fields}
    own = {message.full_name for message in messages if message not in parts}
    return sorted(own | {AMENDED} | (SAYINGS.keys() if service == "intake" else set()))


PUBLISHED = [(service, kind) for service in SERVICES for kind in types_of(service)]


def file_of(service: str, kind: str) -> Path:
    return GOLDEN / service / f"{kind}.json"


def stored(codec: Codec, folder: Path, names: int) -> Iterator[tuple[str, Any]]:
    """What the folder's files hold, each with its name, which ends after so many words."""
    for path in sorted(folder.glob("*.json")):
        name = ".".join(path.name.split(".")[:names])
        yield name, codec.decode(name, json.loads(path.read_text(encoding="utf-8")))


def made_of_what_is_stored(service: str) -> Iterator[tuple[str, Message]]:
    """What is published of the goldens of private facts, and of rows; each about its subject."""
    facts = import_module(f"services.{service}.adapters.stored").FACTS
    publish = import_module(f"services.{service}.adapters.publication").publish
    for _, fact in stored(facts, TESTS / service / "golden", 3):
        told = Recorded(
            id=UUID(int=1), stream="stream", version=1, fact=fact, at=AT, actor="staff/1"
        )
        yield from ((publication.subject, publication.message) for publication in publish(told))
    for projection in declared(service).subscriptions.projections:
        for kind, row in stored(projection.rows, TESTS / service / ROWS[service], 1):
            message = projection.publish(kind, row, 1, False)
            if message is not None:
                yield f"client/{row.client_id}", message


def declared(service: str) -> Service:
    """What the service's processes are made of."""
    found: Service = import_module(f"services.{service}.__main__").SERVICE
    return found


@dataclass(frozen=True, slots=True)
class Golden:
    """A public fact's subject and bytes, and what they said when the file was written."""

    subject: str
    body: bytes
    says: Mapping[str, Any]

    @classmethod
    def of(cls, subject: str, message: Message) -> Self:
        return cls(subject, message.SerializeToString(deterministic=True), said_by(message))

    @classmethod
    def read(cls, service: str, kind: str) -> Self:
        kept = json.loads(file_of(service, kind).read_text(encoding="utf-8"))
        return cls(kept["subject"], b64decode(kept["body"]), kept["says"])

    def write(self, path: Path) -> None:
        kept = {"subject": self.subject, "body": b64encode(self.body).decode(), "says": self.says}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def said_by(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


@pytest.mark.parametrize("service", SERVICES)
def test_there_is_one_file_for_each_type_that_is_published_and_no_other(service: str) -> None:
    if os.environ.get("NINEHOURS_WRITE_GOLDEN"):
        # Of several of one type, the one that says most.
        made = sorted(made_of_what_is_stored(service), key=lambda told: -told[1].ByteSize())
        for subject, message in made:
            path = file_of(service, message.DESCRIPTOR.full_name)
            if not path.exists():
                Golden.of(subject, message).write(path)
    assert {path.stem for path in (GOLDEN / service).iterdir()} == {*types_of(service)}


def test_every_type_of_the_catalogue_is_among_them() -> None:
    told = (TESTS.parent / "docs" / "catalogue.md").read_text(encoding="utf-8")
    facts = [line for line in told.splitlines() if "; subject: " in line]
    named = {line.partition("`")[2].partition("`")[0] for line in facts}
    assert len(named) >= 59
    assert named == {kind for _, kind in PUBLISHED} - {AMENDED, *SAYINGS}


@pytest.mark.parametrize(("service", "kind"), PUBLISHED)
def test_what_was_published_says_today_what_it_said_and_is_the_same_bytes(
    service: str, kind: str
) -> None:
    golden = Golden.read(service, kind)
    assert golden.body
    message = Default().FindMessageTypeByName(kind)
    assert Golden.of(golden.subject, GetMessageClass(message).FromString(golden.body)) == golden


@pytest.mark.parametrize("listener", SERVICES)
def test_whoever_hears_it_reads_what_was_published_and_derives_from_it(listener: str) -> None:
    subscriptions = declared(listener).subscriptions
    used = [(service, kind) for service, kind in PUBLISHED if kind in subscriptions.by_type]
    assert {kind for _, kind in used} == subscriptions.by_type.keys()
    for service, kind in used:
        golden = Golden.read(service, kind)
        message = subscriptions.decode(kind, golden.body)
        subscriptions.references(kind, message)
        fact = HeardFact(
            id=derived_id(service, kind),
            topic=topic_of(service),
            subject=golden.subject,
            sequence=1,
            type=kind,
            message=message,
            label="PART2",
            signed_at=AT,
        )
        said = history_of({CLIENT: [], golden.subject: [fact]}, subscriptions.decode)
        for projection in subscriptions.projections:
            for row in projection.derive(CLIENT, said):
                assert projection.decode(row.kind, json.loads(projection.encode(row)))
