"""What a worklist is filtered by, as its address says it: ids, codes and dates, no names."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date

PATH = "/worklist"
KINDS = {
    "hold": work.WORK_KIND_HOLD,
    "draft": work.WORK_KIND_DRAFT,
    "proposal": work.WORK_KIND_PROPOSAL,
}
NAMES = {number: name for name, number in KINDS.items()}
DOLLARS = "dollars"
FIELDS = {"payer_id": "payer", "site_id": "site", "page_token": "after"}
"""Of the request, where the address has another name."""


class NoDate(Exception):
    """What stands in a field of dates is none."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """As the address says them; empty: all. `after`: the page before's last row."""

    kind: str = ""
    payer: str = ""
    site: str = ""
    reason: str = ""
    first: str = ""
    last: str = ""
    order: str = ""
    after: str = ""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Self:
        """Of an address; what it says beside is nobody's."""
        return cls(**{each.name: said.get(each.name, "").strip() for each in fields(cls)})

    @property
    def query(self) -> str:
        """What is filtered by, without which page of it."""
        return urlencode(_said(replace(self, after="")))

    @property
    def filtered(self) -> bool:
        return bool(_said(replace(self, after="", order="")))

    def address(self, path: str = PATH, **changed: str) -> str:
        """Of the same with something else; from its first page on."""
        said = _said(replace(replace(self, after=""), **changed))
        return f"{path}?{urlencode(said)}" if said else path

    def request(self, page_size: int) -> work.ListWorkRequest:
        """What is asked; NoDate."""
        asked: dict[str, Any] = {
            name: to_date(on)
            for name in ("first", "last")
            if (on := _day(name, getattr(self, name))) is not None
        }
        dollars = self.order == DOLLARS
        return work.ListWorkRequest(
            kind=KINDS.get(self.kind, work.WORK_KIND_UNSPECIFIED),
            payer_id=self.payer,
            site_id=self.site,
            reason=self.reason,
            order=work.WORK_ORDER_DOLLARS if dollars else work.WORK_ORDER_UNSPECIFIED,
            page_size=page_size,
            page_token=self.after,
            **asked,
        )


def wrong_fields(refusal: RemoteRefusal) -> Mapping[str, str]:
    """What was refused, at the names that the address has."""
    return {FIELDS.get(name, name): says for name, says in refusal.details.items()}


def _said(filters: Filters) -> dict[str, str]:
    return {name: value for name, value in asdict(filters).items() if value}


def _day(field: str, said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise NoDate(field) from None
