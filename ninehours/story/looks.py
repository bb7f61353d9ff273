"""What the story promises of the live system at its turning points; else StoryFailed."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story.stage import Person, StoryFailed

LOOKING = "operator"
SEEING_SCORES = "clinical auditor"  # who looks where an operator isn't told
AUDITOR = Person(role="clinician", subject="person/clinical-auditor", purpose="TREATMENT")
PAGE = 1000
CORRECTIONS = ("7", "8")
# Why a claim may be left out in this story: its client revoked the consent, or the payer wants the
# week before answered first.
TOLD = frozenset({"NO_CONSENT", "REVOKED_AFTER_SERVICE", "PRIOR_NOT_ADJUDICATED"})


class Answering(Protocol):
    """Who answers questions: the live system, or a rehearsal."""

    def ask(self, who: str, request: Any) -> Any:
        """The answer to a question."""
        ...


class Asking(Answering, Protocol):
    """The live system, as far as looks need it."""

    repeated: bool
    """Commands of this story were accepted here before: it may be further on than this play."""

    def ask_operator(self, service: str, request: Any) -> Any:
        """What every service answers its operator."""
        ...


def note_earlier_play(live: Asking) -> None:
    """Whether this story begins on data that an earlier play left."""
    counted = live.ask_operator("attendance", log.CountFactsRequest())
    live.repeated = bool(counted.facts)


def service_days(live: Answering, client_id: str = "") -> Iterator[events.ServiceDayResolved]:
    """Every service day, of one client or of all."""
    request = billing.ListServiceDaysRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.days


def claims(live: Answering, client_id: str = "") -> Iterator[billing.Claim]:
    """Every claim, drafted and issued, of one client or of all."""
    request = billing.ListClaimsRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.claims


def proposals(live: Answering, client_id: str = "") -> Iterator[events.CorrectionProposed]:
    """Every correction proposal, of one client or of all."""
    request = billing.ListProposalsRequest(client_id=client_id, page_size=PAGE)
    for page in pages(live, request):
        yield from page.proposals


def ready(live: Answering, payer_id: str) -> list[events.CorrectionProposed]:
    """Corrections to this payer that can be issued, by claim."""
    request = billing.ListProposalsRequest(
        payer_id=payer_id, state=events.PROPOSAL_STATE_READY, page_size=PAGE
    )
    found = (each for page in pages(live, request) for each in page.proposals)
    return sorted(found, key=lambda each: each.claim_id)


def corrections_by(live: Answering, payer_id: str, moment: datetime) -> list[str]:
    """Batches of replacements and voids that went to this payer by then."""
    found: set[str] = set()
    for frequency in CORRECTIONS:
        request = billing.ListClaimsRequest(
            payer_id=payer_id,
            state=billing.CLAIM_STATE_ISSUED,
            frequency=frequency,
            as_of=to_timestamp(moment),
            page_size=PAGE,
        )
        found |= {claim.batch_id for page in pages(live, request) for claim in page.claims}
    return sorted(found)


def pages(live: Answering, request: Any) -> Iterator[Any]:
    """Every page of a list."""
    while True:
        page = live.ask(LOOKING, request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def held_for_its_note(live: Asking, *, client_id: str, on: date) -> None:
    """The day is on HOLD, and its reason is the unsigned note."""
    if live.repeated:
        return  # An earlier play went further: the note is signed by now.
    day = _day(live, client_id, on)
    reasons = [verdict.reason for verdict in day.verdicts if not verdict.open]
    if day.outcome != events.OUTCOME_HOLD or reasons != ["NOTE_UNSIGNED"]:
        raise _not_as_promised(f"{on} to be on HOLD for NOTE_UNSIGNED", day, reasons)


def pays_per_diem(live: Asking, *, client_id: str, on: date) -> None:
    """The day is billable: every gate is open."""
    day = _day(live, client_id, on)
    if day.outcome != events.OUTCOME_PER_DIEM:
        reasons = [verdict.reason for verdict in day.verdicts if not verdict.open]
        raise _not_as_promised(f"{on} to be PER_DIEM", day, reasons)


def leaves_out_for_a_reason(_: Asking, *, left_out: Sequence[billing.LeftOut]) -> None:
    """Who is left out is so for what this story tells, and not because something went wrong."""
    reasons = {each.reason for each in left_out} - TOLD
    if reasons:
        told = ", ".join(sorted(reasons))
        raise StoryFailed(f"expected claims of every client; some were left out: {told}")


def awaits_its_number(live: Asking, *, client_id: str, on: date) -> None:
    """One proposal, about that day, that waits for the payer's number of the claim."""
    if live.repeated:
        return  # An earlier play went further: the correction is issued by now.
    found = list(proposals(live, client_id))
    if len(found) != 1 or list(found[0].changed_dates) != [to_date(on)]:
        raise StoryFailed(f"expected one correction proposal about {on}; there are {len(found)}")
    state = events.ProposalState.Name(found[0].state).removeprefix("PROPOSAL_STATE_")
    if state != "AWAITING_CONTROL_NUMBER":
        raise StoryFailed(f"expected a proposal awaiting the control number; it is {state}")


def outcome_name(day: events.ServiceDayResolved) -> str:
    """PER_DIEM, DISCRETE, NOT_BILLABLE or HOLD."""
    return events.Outcome.Name(day.outcome).removeprefix("OUTCOME_")


def is_on(given: common.Date, day: date) -> bool:
    """Whether a message's date is that day."""
    return given == to_date(day)


def _day(live: Asking, client_id: str, on: date) -> events.ServiceDayResolved:
    for day in service_days(live, client_id):
        if is_on(day.service_date, on):
            return day
    raise StoryFailed(f"expected a service day on {on}; there is none")


def _not_as_promised(
    expected: str, day: events.ServiceDayResolved, reasons: list[str]
) -> StoryFailed:
    told = f" ({', '.join(reasons)})" if reasons else ""
    return StoryFailed(f"expected {expected}; it is {outcome_name(day)}{told}")
