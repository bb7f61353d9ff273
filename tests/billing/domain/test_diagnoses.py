"""Which diagnoses a claim names: those in effect on its lines' dates, by part and by date."""

from dataclasses import replace
from datetime import date

from services.billing.domain.claims import drafts, proposals
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.history.history import BillingHistory, Diagnosis, DiagnosisEnd
from services.billing.domain.payers.rules import Institutional
from tests.harness.billing.history import (
    DIAGNOSIS,
    billable,
    confirmed,
    day,
    days_of,
    issued,
    line,
    outcome,
)


def diagnosis(code: str, rank: int, start: int, sequence: int) -> Diagnosis:
    return replace(
        DIAGNOSIS,
        fact=f"{code} {sequence}",
        code=code,
        rank=rank,
        effective_from=day(start),
        sequence=sequence,
    )


FIRST = diagnosis("F10.20", 1, 0, 1)
LATER = diagnosis("F33.1", 2, 4, 2)


def drafted(history: BillingHistory) -> list[Draft]:
    return drafts.draft(days_of(history), history)


def said(draft: Draft) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
    return draft.diagnoses, [line.diagnosis_pointers for line in draft.lines]


def test_a_line_points_at_the_diagnoses_of_its_date_where_they_differ() -> None:
    history = billable(day(2), day(4), diagnoses=(FIRST, LATER))
    [draft] = drafted(history)
    assert said(draft) == (("F10.20", "F33.1"), [(1,), (1, 2)])
    [alike] = drafted(billable(day(4), day(5), diagnoses=(FIRST, LATER)))
    assert said(alike) == (("F10.20", "F33.1"), [(), ()])


def test_each_line_points_at_its_own_principal_first() -> None:
    changed = diagnosis("F11.20", 1, 4, 2)
    [draft] = drafted(billable(day(2), day(4), diagnoses=(FIRST, changed)))
    assert said(draft) == (("F11.20", "F10.20"), [(2,), (1,)])


def test_each_part_names_its_own() -> None:
    history = billable(day(0), day(4), diagnoses=(FIRST, LATER))
    days = [
        replace(
            billed,
            lines=tuple(
                replace(billed.lines[0], code=f"T{number}") for number in range(1000, 1030)
            ),
        )
        for billed in days_of(history)
    ]
    first, second = drafts.draft(days, history)
    assert (first.diagnoses, second.diagnoses) == (("F10.20",), ("F10.20", "F33.1"))


def test_what_was_ended_is_in_effect_until_its_last_day() -> None:
    history = billable(day(2), day(4), diagnoses=(FIRST, replace(LATER, effective_from=day(0))))
    ended = replace(history, diagnosis_ends=(_end("F33.1", 2, 3),))
    [draft] = drafted(ended)
    assert said(draft) == (("F10.20", "F33.1"), [(1, 2), (1,)])
    never = replace(history, diagnosis_ends=(_end("F33.1", -1, 3),))
    assert said(drafted(never)[0]) == (("F10.20",), [(), ()])
    again = replace(never, diagnoses=(*never.diagnoses, diagnosis("F33.1", 2, 4, 4)))
    assert said(drafted(again)[0]) == (("F10.20", "F33.1"), [(1,), (1, 2)])


def test_without_a_principal_diagnosis_in_effect_a_day_waits() -> None:
    ended = billable(day(4), diagnoses=(FIRST,), diagnosis_ends=(_end("F10.20", 3, 2),))
    assert outcome(ended) == ("HOLD", ("NO_DIAGNOSIS",))
    still = billable(day(4), diagnoses=(FIRST,), diagnosis_ends=(_end("F10.20", 4, 2),))
    assert outcome(still) == ("PER_DIEM", ())


BOTH = (FIRST, replace(LATER, effective_from=day(0)))


def sent(*codes: str, pointers: tuple[tuple[int, ...], ...] = ((), ())) -> BillingHistory:
    """Wednesday and Friday are issued, with these diagnoses, to which each line points so."""
    lines = [
        line(on, diagnosis_pointers=pointer)
        for on, pointer in zip((day(2), day(4)), pointers, strict=True)
    ]
    claim = issued(lines=lines, diagnoses=codes)
    return billable(day(2), day(4), diagnoses=BOTH, issued=(claim,))


def proposed(history: BillingHistory) -> list[tuple[str, tuple[date, ...]]]:
    return [(p.action, p.changed_dates) for p in proposals.propose(days_of(history), history)]


def test_an_issued_claim_that_names_what_was_ruled_out_is_replaced() -> None:
    history = sent("F10.20", "F33.1")
    assert proposed(history) == []
    never = replace(history, diagnosis_ends=(_end("F33.1", -1, 3),))
    [found] = proposals.propose(days_of(never), never)
    assert (found.action, found.changed_dates) == ("REPLACE", (day(2), day(4)))
    assert found.diagnoses == ("F10.20",)


def test_an_issued_line_that_points_to_what_was_ended_before_its_date_is_corrected() -> None:
    history = sent("F10.20", "F33.1")
    ended = replace(history, diagnosis_ends=(_end("F33.1", 3, 3),))
    [found] = proposals.propose(days_of(ended), ended)
    assert (found.action, found.changed_dates) == ("REPLACE", (day(4),))
    assert found.diagnoses == ("F10.20", "F33.1")
    assert [of_line.diagnosis_pointers for of_line in found.lines] == [(1, 2), (1,)]
    replaced = issued(name="2", frequency="7", corrects_claim_id="claim 1", lines=found.lines)
    replaced = replace(replaced, diagnoses=found.diagnoses)
    assert proposed(replace(ended, issued=(*ended.issued, replaced))) == []


def test_a_principal_told_late_corrects_the_lines_from_its_first_day_on() -> None:
    history = replace(sent("F10.20"), diagnoses=(FIRST, diagnosis("F33.1", 1, 4, 2)))
    assert proposed(history) == [("REPLACE", (day(4),))]


def test_a_diagnosis_that_a_line_could_name_too_corrects_nothing() -> None:
    assert proposed(sent("F10.20")) == []
    assert proposed(sent("F10.20", "F33.1", pointers=((1,), (1, 2)))) == []


def test_where_any_line_points_one_that_does_not_says_nothing() -> None:
    history = replace(sent("F10.20", "F33.1", pointers=((), (1, 2))), diagnoses=(FIRST, LATER))
    assert proposed(history) == []


def test_what_a_line_does_not_point_to_may_have_ended_before_it() -> None:
    """A claim's line points to four at most: the fifth is the claim's alone."""
    codes = ("F10.20", "F33.1", "F41.1", "F43.10", "F11.20")
    five = tuple(diagnosis(code, rank, 0, rank) for rank, code in enumerate(codes, start=1))
    history = replace(sent(*codes), diagnoses=five, diagnosis_ends=(_end("F11.20", 3, 9),))
    assert proposed(history) == []
    assert proposed(replace(history, diagnosis_ends=(_end("F43.10", 3, 9),))) != []


def test_lines_of_an_institutional_claim_point_to_nothing() -> None:
    rules = confirmed(
        claim_form="INSTITUTIONAL",
        institutional=Institutional(type_of_bill="13", revenue_code="0906"),
    )
    history = replace(
        sent("F10.20", "F33.1"), confirmed=(rules,), diagnosis_ends=(_end("F33.1", 3, 3),)
    )
    [claim] = history.issued
    lines = tuple(replace(of_line, revenue_code="0906") for of_line in claim.lines)
    assert (
        proposed(
            replace(history, issued=(replace(claim, claim_form="INSTITUTIONAL", lines=lines),))
        )
        == []
    )


def _end(code: str, last: int, sequence: int) -> DiagnosisEnd:
    return DiagnosisEnd(fact=f"end {code}", code=code, last_day=day(last), sequence=sequence)
