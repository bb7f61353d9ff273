"""DraftsService: what people typed and didn't send, each person's own; every service answers it."""

import re
from typing import Any

from google.protobuf.message import Message
from ninehours.exchange.v1 import drafts_service_pb2 as pb

from kernel import drafts
from kernel.drafts import DraftOf, SavedDraft
from kernel.mapping.fields import left_out, uuid_text
from kernel.mapping.reading import request_reader
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.rpc.translate import reading, required_text, to_timestamp
from kernel.store.store import Store

SERVICE = pb.DESCRIPTOR.services_by_name["DraftsService"]
LARGEST = 64 * 1024  # bytes of one draft
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def name_of(request: Message, field: str) -> str:
    """A form's or a page's: of what can't be anybody's name by mistake."""
    text = required_text(request, field)
    if not NAME.fullmatch(text):
        raise Malformed(**{field: "is not 1 to 64 letters, digits, dots, hyphens and underscores"})
    return text


def sealed_bytes(request: Message, field: str, *, largest: int) -> bytes:
    """What a screen wrote; some of it."""
    content: bytes = getattr(request, field)
    if not content:
        raise Malformed(**{field: "is required"})
    if len(content) > largest:
        raise Malformed(**{field: f"is larger than {largest} bytes"})
    return content


def _reader(message: type[Message]) -> Any:
    return request_reader(
        message,
        DraftOf,
        given=("person",),
        form=name_of,
        client_id=left_out(uuid_text),
        about_id=left_out(uuid_text),
    )


to_saved = _reader(pb.SaveDraftRequest)
to_wanted = _reader(pb.ReadDraftRequest)
to_dropped = _reader(pb.DropDraftRequest)
to_listed = writer(pb.DraftInList, SavedDraft)
to_read = writer(pb.ReadDraftResponse, SavedDraft, given=("content",))


class DraftsServicer:
    """Answers from the service's own table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def SaveDraft(self, request: pb.SaveDraftRequest, call: Call) -> pb.SaveDraftResponse:
        with reading(request) as read:
            draft = read.whole(to_saved, person=call.actor.id)
            content = read.value(sealed_bytes, "content", b"", largest=LARGEST)
        with self._store.transaction() as tx:
            saved = drafts.save(tx, draft, content, call.now)
        return pb.SaveDraftResponse(expires_at=to_timestamp(saved.expires_at))

    def ReadDraft(self, request: pb.ReadDraftRequest, call: Call) -> pb.ReadDraftResponse:
        draft = to_wanted(request, person=call.actor.id)
        with self._store.transaction() as tx:
            saved, content = drafts.read(tx, draft, call.now)
        return to_read(saved, content=content)

    def ListDrafts(self, request: pb.ListDraftsRequest, call: Call) -> pb.ListDraftsResponse:
        with reading(request) as read:
            form = read.optional(name_of, "form") or ""
        with self._store.transaction() as tx:
            found = drafts.listed(tx, call.actor.id, form, call.now)
        return pb.ListDraftsResponse(drafts=map(to_listed, found))

    def DropDraft(self, request: pb.DropDraftRequest, call: Call) -> pb.DropDraftResponse:
        draft = to_dropped(request, person=call.actor.id)
        with self._store.transaction() as tx:
            drafts.drop(tx, draft)
        return pb.DropDraftResponse()
