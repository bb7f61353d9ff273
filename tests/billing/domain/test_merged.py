"""What was issued of two clients who are merged is proposed until every date stands once."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.claims.in_force import in_force
from services.billing.domain.claims.rows import DraftRow, ProposalRow
from services.billing.domain.history.history import (
    Attendance,
    BillingHistory,
    IssuedClaim,
    Span,
)
from services.billing.domain.payers.rules import CorrectionAction
from services.billing.domain.x12.t837.claim import ClaimFrequency
from tests.harness.billing.history import (
    COVERAGE,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    issued,
    rows_of,
    session,
    signed,
)

SURVIVOR, ABSORBED = "client", "absorbed"
HOURS = {SURVIVOR: 9, ABSORBED: 13}
DATES = some.sets(some.integers(0, 6), max_size=5)


def there(client_id: str, on: date) -> Attendance:
    """For three hours, in the morning or in the afternoon."""
    starts_at = datetime.combine(on, time(HOURS[client_id]), UTC)
    span = Span(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
    return attended(
        on, 180, client_id, fact=f"{client_id} {on}", treatment=(span,), client_id=client_id
    )


def merged(
    dates: dict[str, set[int]], left: Collection[str], *, one_member: bool, **rules: object
) -> BillingHistory:
    """Who came on these dates as each; claims left of those in `left`, of all their dates."""
    came = [(client_id, day(number)) for client_id in dates for number in sorted(dates[client_id])]
    own = {SURVIVOR: "coverage", ABSORBED: "coverage" if one_member else "coverage 2"}
    return billable(
        coverages=tuple(
            replace(COVERAGE, fact=coverage_id, coverage_id=coverage_id, sequence=number)
            for number, coverage_id in enumerate(sorted(set(own.values())))
        ),
        confirmed=(confirmed(**rules),),
        sessions=tuple(session(on, client_id) for client_id, on in came),
        attendances=tuple(there(client_id, on) for client_id, on in came),
        notes=tuple(signed(on, name=client_id) for client_id, on in came),
        authorizations=tuple(
            authorization(100, fact=name, authorization_id=name)
            for name in (f"of {SURVIVOR}", f"of {ABSORBED}")
        ),
        issued=tuple(
            issued(
                *(day(number) for number in sorted(dates[client_id])),
                name=client_id,
                client_id=client_id,
                coverage_id=own[client_id],
                authorization_id=f"of {client_id}",
                authorized_units=len(dates[client_id]),
                diagnoses=("F10.20",),
            )
            for client_id in sorted(left)
            if dates[client_id]
        ),
    )


def corrected(history: BillingHistory, proposal: ProposalRow) -> BillingHistory:
    """As if the proposal had been issued."""
    [claim] = [claim for claim in history.issued if claim.claim_id == proposal.claim_id]
    voids = proposal.action == CorrectionAction.VOID
    follows: IssuedClaim = replace(
        claim,
        fact=f"{claim.fact} again",
        claim_id=f"{claim.claim_id} again",
        corrects_claim_id=claim.claim_id,
        frequency=ClaimFrequency.VOID if voids else ClaimFrequency.REPLACEMENT,
        lines=claim.lines if voids else proposal.lines,
        authorized_units=0 if voids else proposal.authorized_units,
        authorization_id=proposal.authorization_id or claim.authorization_id,
    )
    return replace(history, issued=(*history.issued, follows))


def claimed(history: BillingHistory) -> list[date]:
    """Every date that stands on a claim, or is drafted, as often as it does."""
    standing = [line.service_date for claim in in_force(history.issued) for line in claim.lines]
    drafted = [line.service_date for row in rows_of(history, DraftRow) for line in row.lines]
    return sorted(standing + drafted)


@pytest.mark.parametrize("changed_claim", ["REPLACE", "VOID"])
@given(
    survivors=DATES,
    absorbed=DATES,
    left=some.sets(some.sampled_from([SURVIVOR, ABSORBED])),
    one_member=some.booleans(),
)
def test_every_date_stands_once_when_what_is_proposed_has_left(
    changed_claim: str, survivors: set[int], absorbed: set[int], left: set[str], one_member: bool
) -> None:
    dates = {SURVIVOR: survivors, ABSORBED: absorbed}
    history = merged(
        dates, left, one_member=one_member, changed_claim=CorrectionAction(changed_claim)
    )
    for _ in range(4):
        for proposal in rows_of(history, ProposalRow):
            history = corrected(history, proposal)
    assert rows_of(history, ProposalRow) == []
    assert claimed(history) == [day(number) for number in sorted(survivors | absorbed)]


@given(survivors=DATES, absorbed=DATES)
def test_where_the_dates_are_apart_and_the_member_is_one_nothing_is_proposed(
    survivors: set[int], absorbed: set[int]
) -> None:
    dates = {SURVIVOR: survivors, ABSORBED: absorbed - survivors}
    history = merged(dates, dates, one_member=True)
    assert rows_of(history, ProposalRow) == []
    assert rows_of(history, DraftRow) == []


def test_of_two_claims_of_one_date_the_survivors_stays() -> None:
    history = merged({SURVIVOR: {0}, ABSORBED: {0}}, [SURVIVOR, ABSORBED], one_member=True)
    [proposal] = rows_of(history, ProposalRow)
    assert (proposal.claim_id, proposal.action) == (f"claim {ABSORBED}", CorrectionAction.VOID)
