"""The gates of disclosure, one after the other."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.billing.domain.claims.disclosure import Circumstances, Identified, gate, identified
from services.billing.domain.claims.issue import Candidate
from services.billing.domain.claims.members import Members
from tests.billing.domain.test_deciders import ISSUED
from tests.harness.billing.history import day, line

PERSON = Identified(
    version=4,
    consent_id="consent",
    coverages={"coverage"},
    programs={"program"},
    permit_id="permit",
    permit_sequence=7,
)
PAIR = frozenset({"client", "another"})
UNCONSENTED = replace(PERSON, consent_id="")
MEMBERS = Members(keys={"client": {"coverage": "key"}})
OPEN = Circumstances(
    on=day(7),
    reconciled=True,
    heard={"client": 7},
    identified={"client": PERSON},
    practitioners={"eve"},
    sites={"site"},
    forms={"PROFESSIONAL", "INSTITUTIONAL"},
    members=MEMBERS,
)


def beside(client_id: str, *, key: str = "key", **claim: Any) -> Members:
    """With a claim of another client's that stands, under this key."""
    keys = {**MEMBERS.keys, client_id: {"coverage": key}}
    return replace(MEMBERS, keys=keys).joined_by(replace(ISSUED, client_id=client_id, **claim))


def candidate(*, claim: dict[str, Any] | None = None, **changes: Any) -> Candidate:
    return replace(
        Candidate(
            claim=replace(ISSUED, **(claim or {})),
            about_id="draft",
            filing_limit_days=90,
            rests_on=frozenset({"fact"}),
        ),
        **changes,
    )


def closed(found: Candidate, *others: Candidate, **changes: Any) -> str:
    return gate(found, [found, *others], replace(OPEN, **changes))


def test_a_claim_of_whom_all_is_in_order_may_go() -> None:
    assert closed(candidate()) == ""
    issued = identified(candidate().claim, "batch 2", OPEN)
    assert (issued.batch_id, issued.identity_version) == ("batch 2", 4)
    assert (issued.consent_id, issued.basis) == ("consent", "CONSENT")
    assert (issued.permit_id, issued.permit_sequence) == ("permit", 7)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unsettled": {"client"}}, "NOT_SETTLED"),
        ({"unchecked": {"fact"}}, "NOT_CHECKED"),
        ({"unchecked": {"another"}}, ""),
        ({"heard": {"client": 6}}, "NOT_SETTLED"),
        ({"heard": {}}, "NOT_SETTLED"),
        ({"heard": {"client": 8}}, ""),
        ({"identified": {"client": replace(PERSON, permit_id="")}}, "NO_PERMIT"),
        ({"ended": {"consent": day(7)}}, "NO_CONSENT"),
        ({"ended": {"consent": day(7)}, "revoked": {"client": day(7)}}, "REVOKED_AFTER_SERVICE"),
        ({"ended": {"consent": day(8)}, "revoked": {"client": day(8)}}, ""),
        ({"ended": {"another": day(1)}, "revoked": {"client": day(1)}}, ""),
        ({"identified": {}, "withheld": {"client": "NO_COVERAGE"}}, "NO_COVERAGE"),
        ({"identified": {}}, "COVERAGE_CHANGED"),
        ({"identified": {"client": replace(PERSON, coverages={"other"})}}, "COVERAGE_CHANGED"),
        ({"forms": {"INSTITUTIONAL"}}, "FORM_NOT_WRITTEN"),
        ({"sites": ()}, "SITE_UNKNOWN"),
        ({"members": Members()}, "NOT_RECOGNISED"),
        ({"members": MEMBERS.joined_by(ISSUED)}, ""),
        ({"members": beside("another")}, "DUPLICATE_MEMBER"),
        ({"members": replace(beside("another"), apart={PAIR})}, ""),
        ({"members": beside("another", key="other key")}, ""),
        ({"members": beside("another", lines=(line(day(3)),))}, ""),
        ({"members": beside("another", frequency="8")}, ""),
        ({"on": day(91)}, "FILING_LIMIT_PASSED"),
        ({"on": day(90)}, ""),
        # The first gate that is closed is named.
        ({"unsettled": {"client"}, "identified": {}, "on": day(91)}, "NOT_SETTLED"),
    ],
)
def test_who_can_not_go_is_told_why(changes: dict[str, Any], reason: str) -> None:
    assert closed(candidate(), **changes) == reason


@pytest.mark.parametrize(
    ("frequency", "reason"), [("1", "DUPLICATE_MEMBER"), ("7", "DUPLICATE_MEMBER"), ("8", "")]
)
def test_a_void_alone_may_name_a_date_that_stands_on_anothers_claim(
    frequency: str, reason: str
) -> None:
    found = candidate(claim={"frequency": frequency})
    assert closed(found, members=beside("another")) == reason


def test_a_void_needs_nobody_recognised() -> None:
    assert closed(candidate(claim={"frequency": "8"}), members=Members()) == ""


@pytest.mark.parametrize(
    ("form", "on", "reason"),
    [
        ("PROFESSIONAL", 90, ""),
        ("PROFESSIONAL", 91, "FILING_LIMIT_PASSED"),
        ("INSTITUTIONAL", 94, ""),
        ("INSTITUTIONAL", 95, "FILING_LIMIT_PASSED"),
    ],
)
def test_an_institutional_claim_is_filed_in_time_by_its_last_date_a_professional_by_its_first(
    form: str, on: int, reason: str
) -> None:
    found = candidate(claim={"claim_form": form, "lines": (line(day(0)), line(day(4)))})
    assert closed(found, on=day(on)) == reason


def test_corrections_have_clocks_of_their_own_and_need_something_to_say() -> None:
    assert closed(candidate(filing_limit_days=None), on=day(400)) == ""
    assert closed(candidate(claim={"lines": ()})) == "NO_LINES_LEFT"


@pytest.mark.parametrize(
    ("staff", "wanted", "reason"),
    [
        ("", False, ""),
        ("eve", True, ""),
        ("ada", True, "PRACTITIONER_UNKNOWN"),
        ("", True, "PRACTITIONER_UNKNOWN"),
        ("ada", False, "PRACTITIONER_UNKNOWN"),  # a void names whom its original named
    ],
)
def test_who_is_named_must_be_registered(staff: str, wanted: bool, reason: str) -> None:
    found = candidate(claim={"rendering_staff_id": staff}, names_practitioner=wanted)
    assert closed(found) == reason


NONE_NOW: dict[str, Any] = {"identified": {}, "withheld": {"client": "NO_CONSENT"}}


@pytest.mark.parametrize(
    ("revoked_on", "reason"),
    [(None, "NO_CONSENT"), (day(0), "NO_CONSENT"), (day(1), "REVOKED_AFTER_SERVICE")],
)
def test_a_consent_revoked_since_the_service_is_told_from_none(
    revoked_on: date | None, reason: str
) -> None:
    revoked = {"client": revoked_on} if revoked_on else {}
    assert closed(candidate(), **NONE_NOW, revoked=revoked) == reason


@pytest.mark.parametrize(
    ("settled", "revoked_on", "reason"),
    [
        (day(1), day(1), ""),
        (day(0), day(0), "NO_CONSENT"),
        # Revoked once more, from an earlier day on: the settled day comes too late.
        (day(9), day(0), "NO_CONSENT"),
        # Consented again, and revoked again: nobody said what that means.
        (day(0), day(9), "REVOKED_AFTER_SERVICE"),
        (day(1), day(9), ""),
    ],
)
def test_once_settled_dates_before_that_revocation_may_go_and_no_others(
    settled: date, revoked_on: date, reason: str
) -> None:
    now = replace(
        OPEN,
        identified={"client": UNCONSENTED},
        settled={"client": settled},
        revoked={"client": revoked_on},
    )
    found = candidate()
    assert gate(found, [found], now) == reason
    assert identified(found.claim, "batch", now).basis == "REVOCATION_SETTLED"
    later = candidate(claim={"lines": (line(day(0)), line(day(9)))})
    assert gate(later, [later], now) == "NO_CONSENT"


def test_who_consents_again_needs_no_settlement_and_who_needs_no_consent_neither() -> None:
    assert closed(candidate(), settled={"client": day(0)}) == ""
    mental = candidate(claim={"under_part2": False})
    now = replace(OPEN, identified={"client": UNCONSENTED}, settled={"client": day(0)})
    assert gate(mental, [mental], now) == ""
    assert identified(mental.claim, "batch", now).basis == "NO_CONSENT_NEEDED"


def test_a_claim_names_the_client_for_lines_of_the_programs_that_intake_allowed() -> None:
    of_both = candidate(claim={"under_part2": False, "programs": ("mental health", "program")})
    assert closed(of_both) == "NO_CONSENT"
    allowed = replace(PERSON, programs={"mental health", "program"})
    assert closed(of_both, identified={"client": allowed}) == ""


def week(number: int, **changes: Any) -> Candidate:
    claim = {
        "claim_id": f"claim {number}",
        "period_start": day(7 * number),
        "lines": (line(day(7 * number)),),
    }
    return candidate(claim=claim, sequential=True, **changes)


def test_where_the_payer_wants_it_a_claim_waits_for_the_word_on_the_one_before() -> None:
    late = {"on": day(21)}
    assert closed(week(1), unanswered={"client": [day(0)]}, **late) == "PRIOR_NOT_ADJUDICATED"
    assert closed(week(1), unanswered={"client": [day(7)]}, **late) == ""  # of the same week
    assert closed(week(1), unanswered={"client": [day(14)]}, **late) == ""
    assert closed(week(1), unanswered={"other": [day(0)]}, **late) == ""
    plain = replace(week(1), sequential=False)
    assert closed(plain, unanswered={"client": [day(0)]}, **late) == ""


def test_of_two_in_one_command_the_earlier_goes_whether_it_passes_or_not() -> None:
    first, second = week(0), week(1)
    on = day(7) + timedelta(days=7)
    assert (closed(first, second, on=on), closed(second, first, on=on)) == (
        "",
        "PRIOR_NOT_ADJUDICATED",
    )
    unwritten = replace(first, claim=replace(first.claim, lines=()))
    assert closed(second, unwritten, on=on) == "PRIOR_NOT_ADJUDICATED"


@pytest.mark.parametrize(
    ("heard", "reason"),
    [({"client": "seventh"}, ""), ({"client": "another"}, "NOT_SETTLED"), ({}, "NOT_SETTLED")],
)
def test_a_permit_names_the_last_fact_it_knew_and_that_one_was_heard_there(
    heard: dict[str, str], reason: str
) -> None:
    """Of an intake of before, which names none, the number alone counts."""
    named = {"client": replace(PERSON, permit_fact_id="seventh")}
    assert closed(candidate(), heard_at_permit=heard) == ""
    assert closed(candidate(), identified=named, heard_at_permit=heard) == reason
