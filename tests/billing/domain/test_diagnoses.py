"""Which diagnoses a claim names: those in effect on its lines' dates, by part and by date."""

from dataclasses import replace

from services.billing.domain import claims, proposals
from services.billing.domain.claims import Draft
from services.billing.domain.known import Diagnosis, DiagnosisEnd, Known
from tests.billing.known import DIAGNOSIS, billable, day, days_of, issued, outcome


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


def drafted(known: Known) -> list[Draft]:
    return claims.draft(days_of(known), known)


def said(draft: Draft) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
    return draft.diagnoses, [line.diagnosis_pointers for line in draft.lines]


def test_a_line_points_at_the_diagnoses_of_its_date_where_they_differ() -> None:
    known = billable(day(2), day(4), diagnoses=(FIRST, LATER))
    [draft] = drafted(known)
    assert said(draft) == (("F10.20", "F33.1"), [(1,), (1, 2)])
    [alike] = drafted(billable(day(4), day(5), diagnoses=(FIRST, LATER)))
    assert said(alike) == (("F10.20", "F33.1"), [(), ()])


def test_each_line_points_at_its_own_principal_first() -> None:
    changed = diagnosis("F11.20", 1, 4, 2)
    [draft] = drafted(billable(day(2), day(4), diagnoses=(FIRST, changed)))
    assert said(draft) == (("F11.20", "F10.20"), [(2,), (1,)])


def test_each_part_names_its_own() -> None:
    known = billable(day(0), day(4), diagnoses=(FIRST, LATER))
    days = [
        replace(
            each,
            lines=tuple(replace(each.lines[0], code=f"T{number}") for number in range(1000, 1030)),
        )
        for each in days_of(known)
    ]
    first, second = claims.draft(days, known)
    assert (first.diagnoses, second.diagnoses) == (("F10.20",), ("F10.20", "F33.1"))


def test_what_was_ended_is_in_effect_until_its_last_day() -> None:
    known = billable(day(2), day(4), diagnoses=(FIRST, replace(LATER, effective_from=day(0))))
    ended = replace(known, diagnosis_ends=(_end("F33.1", 2, 3),))
    [draft] = drafted(ended)
    assert said(draft) == (("F10.20", "F33.1"), [(1, 2), (1,)])
    never = replace(known, diagnosis_ends=(_end("F33.1", -1, 3),))
    assert said(drafted(never)[0]) == (("F10.20",), [(), ()])
    again = replace(never, diagnoses=(*never.diagnoses, diagnosis("F33.1", 2, 4, 4)))
    assert said(drafted(again)[0]) == (("F10.20", "F33.1"), [(1,), (1, 2)])


def test_without_a_principal_diagnosis_in_effect_a_day_waits() -> None:
    ended = billable(day(4), diagnoses=(FIRST,), diagnosis_ends=(_end("F10.20", 3, 2),))
    assert outcome(ended) == ("HOLD", ("NO_DIAGNOSIS",))
    still = billable(day(4), diagnoses=(FIRST,), diagnosis_ends=(_end("F10.20", 4, 2),))
    assert outcome(still) == ("PER_DIEM", ())


def test_an_issued_claim_that_names_what_was_ruled_out_is_replaced() -> None:
    both = (FIRST, replace(LATER, effective_from=day(0)))
    sent = replace(issued(day(2), day(4)), diagnoses=("F10.20", "F33.1"))
    known = billable(day(2), day(4), diagnoses=both, issued=(sent,))
    assert proposals.propose(days_of(known), known) == []
    ended = replace(known, diagnosis_ends=(_end("F33.1", 3, 3),))
    assert proposals.propose(days_of(ended), ended) == []  # in effect on the second
    never = replace(known, diagnosis_ends=(_end("F33.1", -1, 3),))
    [found] = proposals.propose(days_of(never), never)
    assert (found.action, found.changed_dates) == ("REPLACE", (day(2), day(4)))
    assert found.diagnoses == ("F10.20",)


def _end(code: str, last: int, sequence: int) -> DiagnosisEnd:
    return DiagnosisEnd(fact=f"end {code}", code=code, last_day=day(last), sequence=sequence)
