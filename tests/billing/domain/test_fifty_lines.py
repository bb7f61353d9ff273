"""A claim holds fifty lines, whoever joins it later, and however its days grow."""

from dataclasses import replace

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.history import ClaimLine, IssuedClaim
from tests.billing.domain.test_cuts import the_days
from tests.harness.billing.history import RULES, billable, confirmed, day, issued, line

JOINS = {"late_day": "REPLACE"}


def lines_on(number: int, count: int) -> list[ClaimLine]:
    return [line(day(number), code=f"T{1000 + nth}") for nth in range(count)]


def settled(days: list[ServiceDay], *sent: IssuedClaim) -> tuple[list[Draft], list[Proposal]]:
    history = replace(billable(day(0)), issued=sent, confirmed=(confirmed(**JOINS),))
    return drafts.draft(days, history), proposals.propose(days, history)


def test_a_late_day_joins_only_where_there_is_room() -> None:
    full, late = [*lines_on(0, 25), *lines_on(1, 25)], lines_on(2, 2)
    drafts, proposed = settled(the_days(*full, *late, **JOINS), issued(lines=full))
    assert [draft.lines for draft in drafts] == [tuple(late)]
    assert proposed == []


def test_a_late_day_joins_where_there_is_room_and_the_next_goes_alone() -> None:
    sent, late, later = lines_on(0, 47), lines_on(1, 3), lines_on(2, 1)
    drafts, [proposed] = settled(the_days(*sent, *late, *later, **JOINS), issued(lines=sent))
    assert [draft.lines for draft in drafts] in ([], [tuple(later)])
    assert proposed.lines[:50] == (*sent, *late)


def test_a_day_that_grew_beyond_what_its_claim_holds_goes_on_another() -> None:
    sent = [*lines_on(0, 25), *lines_on(1, 25)]
    grown = the_days(*lines_on(0, 25), *lines_on(1, 27), **JOINS)
    drafts, [proposed] = settled(grown, issued(lines=sent))
    assert drafts == []
    assert (proposed.action, proposed.lines) == ("REPLACE", tuple(sent[:25]))
    replaced = issued(lines=sent[:25], name="2", frequency="7", corrects_claim_id="claim 1")
    drafts, proposed_then = settled(grown, issued(lines=sent), replaced)
    assert proposed_then == []
    assert [len(draft.lines) for draft in drafts] == [27]
    assert RULES.late_day == "NEW_CLAIM"
