"""What billing teams ask for: whole lists, page by page, or what changed since a cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services
from ninehours.cli.ending import NOT_FOUND, USAGE, Failure

BILLER = "biller"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """A whole list; `cursor`: where to go on, when changes were asked for."""

    rows: Sequence[Any]
    cursor: str = ""


class Payers:
    """Payers by id and by name: people know the name."""

    def __init__(self, services: Services) -> None:
        self.listed = [*services.ask(BILLER, work.ListPayersRequest()).payers]
        self._names = {payer.payer_id: payer.name for payer in self.listed}

    def name(self, payer_id: str) -> str:
        """The name; of one that isn't listed, its id."""
        return self._names.get(payer_id, payer_id) or "no payer"

    def id_of(self, told: str | None) -> str:
        """The id of who is meant, by id or by a part of the name; empty for nobody."""
        if not told or is_id(told):
            return told or ""
        found = [p for p in self.listed if told.casefold() in p.name.casefold()]
        if len(found) != 1:
            known = ", ".join(f"«{payer.name}»" for payer in self.listed)
            raise Failure(
                USAGE if found else NOT_FOUND,
                f"{len(found)} payers go by {told!r}; there are {known}",
            )
        return str(found[0].payer_id)


def claims(services: Services, request: pb.ListClaimsRequest) -> Found:
    return _all(services, request, lambda page: page.claims)


def service_days(services: Services, request: pb.ListServiceDaysRequest) -> Found:
    return _all(services, request, lambda page: page.days)


def holds(services: Services, request: work.ListHoldsRequest) -> Found:
    return _all(services, request, lambda page: page.holds)


def proposals(services: Services, request: pb.ListProposalsRequest) -> Found:
    return _all(services, request, lambda page: page.proposals)


def asked(request: Any, first: datetime | None, last: datetime | None, since: str | None) -> Any:
    """The request with its dates, and with the cursor when changes are asked for."""
    if first:
        request.first.CopyFrom(to_date(first.date()))
    if last:
        request.last.CopyFrom(to_date(last.date()))
    if since is not None:
        request.changed_since = since
    return request


def is_id(told: str) -> bool:
    try:
        return str(UUID(told)) == told.lower()
    except ValueError:
        return False


def iso(given: Any) -> str:
    """2026-03-02 of a date; empty for one that isn't told."""
    return date(given.year, given.month, given.day).isoformat() if given.year else ""


def name_of(message: Any, field: str) -> str:
    """An enum's value without its prefix; empty for one that isn't told."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    value = kind.values_by_number[getattr(message, field)]
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return "" if value.number == 0 else str(value.name.removeprefix(prefix))


def _all(services: Services, request: Any, rows_of: Callable[[Any], Sequence[Any]]) -> Found:
    """Every page. The request is changed on the way."""
    request.page_size = PAGE
    rows: list[Any] = []
    while True:
        page = services.ask(BILLER, request)
        rows += rows_of(page)
        if request.HasField("changed_since"):
            request.changed_since = page.cursor
            if not page.more:
                return Found(rows, page.cursor)
        elif not page.next_page_token:
            return Found(rows)
        else:
            request.page_token = page.next_page_token
