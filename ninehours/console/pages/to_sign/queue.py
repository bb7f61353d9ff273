"""The queue: what waits for whoever signs, of all kinds, oldest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from ninehours.billing.v1 import billing_work_service_pb2 as billing
from ninehours.plans.v1 import courses_service_pb2 as courses

from kernel.rpc.translate import to_date
from ninehours.console.services import ServiceAway
from ninehours.console.visit import Visit
from ninehours.told.fields import date_of, day_of

PATH = "/to-sign"
PLAN = courses.ToSignKind.Name(courses.TO_SIGN_KIND_PLAN)
CERTIFICATION = courses.ToSignKind.Name(courses.TO_SIGN_KIND_CERTIFICATION)
RECOMMENDATION = courses.ToSignKind.Name(courses.TO_SIGN_KIND_RECOMMENDATION)
ATTESTATION = "ATTESTATION"
KINDS = (PLAN, CERTIFICATION, RECOMMENDATION, ATTESTATION)
PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForSigner:
    """A row of the queue. `until`: how long what follows it may wait; `until_at_most`: the last
    day that may be said of it. `terms`: of a note that is to be attested."""

    kind: str
    about_id: str
    client_id: str
    episode_id: str
    since: date
    site_id: str
    until: date | None = None
    until_at_most: date | None = None
    terms: billing.NoteTerms | None = field(default=None, repr=False)
    at_stake: int | None = None

    def address(self, kind: str = "") -> str:
        """With the queue beside it of that kind; empty: of all."""
        return address_of(kind, client=self.client_id, about=self.about_id)


@dataclass(frozen=True, slots=True)
class Queue:
    """`attestations_known`: billing answered, which alone knows what is late."""

    rows: Sequence[WaitsForSigner]
    attestations_known: bool = True

    def of(self, kind: str) -> Sequence[WaitsForSigner]:
        """Of one kind; empty: all."""
        return [each for each in self.rows if kind in ("", each.kind)]


def address_of(kind: str = "", **named: str) -> str:
    """Of the page."""
    asked = {name: said for name, said in {**named, "kind": kind}.items() if said}
    return f"{PATH}?{urlencode(asked)}" if asked else PATH


def queue_of(visit: Visit, today: date) -> Queue:
    """As plans has it, and billing."""
    items = visit.ask(courses.ListToSignRequest(on=to_date(today))).items
    rows = [_of_plans(item) for item in items]
    try:
        rows += _attestations(visit, today)
    except ServiceAway:
        return Queue(_oldest_first(rows), attestations_known=False)
    return Queue(_oldest_first(rows))


def _of_plans(item: courses.ToSign) -> WaitsForSigner:
    return WaitsForSigner(
        kind=courses.ToSignKind.Name(item.kind),
        about_id=item.about_id,
        client_id=item.client_id,
        episode_id=item.episode_id,
        since=day_of(item.since),
        site_id=item.site_id,
        until=date_of(item.until),
        until_at_most=date_of(item.until_at_most),
    )


def _attestations(visit: Visit, today: date) -> Iterator[WaitsForSigner]:
    asked = billing.ListNotesToAttestRequest(on=to_date(today), page_size=PAGE)
    while True:
        answer = visit.ask_briefly(asked)
        for note in answer.notes:
            terms = note.terms
            yield WaitsForSigner(
                kind=ATTESTATION,
                about_id=f"{terms.session_id}.{terms.client_id}",
                client_id=terms.client_id,
                episode_id="",
                since=day_of(terms.service_date),
                site_id=terms.site_id,
                terms=terms,
                at_stake=note.at_stake.minor_units if note.HasField("at_stake") else None,
            )
        if not answer.next_page_token:
            return
        asked.page_token = answer.next_page_token


def _oldest_first(rows: Sequence[WaitsForSigner]) -> Sequence[WaitsForSigner]:
    return sorted(rows, key=lambda row: (row.since, KINDS.index(row.kind), row.about_id))


def counted(queue: Queue) -> Mapping[str, int]:
    """How many wait, by kind; of all under an empty one."""
    return {kind: len(queue.of(kind)) for kind in ("", *KINDS)}
