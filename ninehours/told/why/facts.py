"""The facts that an answer names, each asked of whose it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.exchange.v1 import fact_service_pb2 as pb

from kernel.services import SERVICES

PAGE = 1000
ID_FIELDS = ("fact_id", "row_id", "facts_added", "facts_removed")


class AskOne(Protocol):
    """Asks one of the services what all of them answer."""

    def __call__(self, request: Message, /, *, service: str) -> Any:
        """The answer."""
        ...


def ids_in(message: Message) -> Iterator[str]:
    """Every id of a fact, and of a derived row, that an answer names."""
    for field, value in message.ListFields():
        many: Any = value if field.is_repeated else [value]
        if field.name in ID_FIELDS or field.name.endswith("_fact_id"):
            yield from (item for item in many if item)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for item in many:
                yield from ids_in(item)


def gathered(
    ask: AskOne, ids: Iterable[str], as_of: Timestamp | None = None
) -> Mapping[str, pb.ExplainedFact]:
    """Each of these ids as its owner explains it; ids that nobody published are left out."""
    wanted = sorted(set(ids))
    found: dict[str, pb.ExplainedFact] = {}
    for owner in SERVICES:
        for start in range(0, len(wanted), PAGE):
            asked = [fact_id for fact_id in wanted[start : start + PAGE] if fact_id not in found]
            if asked:
                request = pb.ExplainFactsRequest(ids=asked, as_of=as_of)
                answer = ask(request, service=owner)
                found |= {fact.id: fact for fact in answer.facts}
                found |= {fact.derived.row_id: fact for fact in answer.facts if fact.derived.row_id}
    return found
