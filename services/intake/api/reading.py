"""Fields of intake's requests, judged by their shape. A refusal never repeats a value."""

import re
import unicodedata
from datetime import date, datetime
from functools import partial
from uuid import UUID

from google.protobuf.message import Message
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import (
    date_of,
    reading,
    required_enum,
    required_state,
    required_text,
    required_uuid,
)

ZIP = re.compile(r"[0-9]{5}([0-9]{4})?")
MOST_CLIENTS = 1000
LONGEST_WORDS = 20_000  # of free text


def require_identity(request: pb.RegisterClientRequest, now: datetime) -> pb.Identity:
    """The identity, if it can be one. A person may have no given name, an address is whole."""
    with reading(request) as read:
        read.value(_line, "identity.family_name", "")
        read.optional(_line, "identity.given_name")
        read.value(partial(_birth_date, today=now.date()), "identity.birth_date", date.min)
        read.value(required_enum, "identity.sex", "")
        read.value(_line, "identity.address.line", "")
        read.value(_line, "identity.address.city", "")
        read.value(required_state, "identity.address.state", "")
        read.value(_zip, "identity.address.zip", "")
    return request.identity


def member_number(request: Message, field: str) -> str:
    """At most 80 characters, as a claim carries it (NM109)."""
    return _line(request, field, max_length=80)


def group_number(request: Message, field: str) -> str:
    """At most 50 characters, as a claim carries it (SBR03)."""
    return _line(request, field, max_length=50)


def client_ids(request: pb.ReadIdentitiesRequest, field: str) -> tuple[str, ...]:
    """At most 1000 UUIDs, at least one."""
    texts = getattr(request, field)
    if not 1 <= len(texts) <= MOST_CLIENTS:
        raise Malformed(**{field: f"does not name between 1 and {MOST_CLIENTS} clients"})
    try:
        ids = tuple(str(UUID(text)) for text in texts)
    except ValueError:
        ids = ()
    if ids != tuple(text.lower() for text in texts):
        raise Malformed(**{field: "holds something that is not a UUID"})
    return ids


def program_id(request: pb.AdmitClientRequest, field: str) -> str:
    """A UUID, in the field or where it was named before; named in both it is the same."""
    before = "program.program_id"
    if not getattr(request, field):
        return str(required_uuid(request, before if request.program.program_id else field))
    named = str(required_uuid(request, field))
    if request.program.program_id and str(required_uuid(request, before)) != named:
        raise Malformed(**{field: f"is another than {before}"})
    return named


def _line(request: Message, field: str, *, max_length: int = 200) -> str:
    text = required_text(request, field, max_length=max_length)
    if any(unicodedata.category(each) == "Cc" for each in text):
        raise Malformed(**{field: "holds a control character"})
    return text


def _birth_date(request: Message, field: str, *, today: date) -> date:
    born = date_of(request, field)
    if born > today:
        raise Malformed(**{field: "is in the future"})
    return born


def _zip(request: Message, field: str) -> str:
    text = required_text(request, field)
    if not ZIP.fullmatch(text):
        raise Malformed(**{field: "is not five or nine digits"})
    return text
