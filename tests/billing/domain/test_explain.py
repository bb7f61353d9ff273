"""A day explained: the gate that decided, the clause of the rules, and what would release it."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from ninehours.billing.v1 import rules_pb2

from services.billing import domain
from services.billing.adapters.explained import SERVICES, roles_of
from services.billing.domain.days import release
from services.billing.domain.days.service_day import DayRow, RowVerdict
from services.billing.domain.history.attended import AttendedService
from services.billing.domain.history.history import Attendance, BillingHistory
from services.billing.domain.payers.rules import DiscreteService, TimedUnits
from services.billing.domain.reasons import Gate, Reason, Remedy
from services.billing.domain.why.explain import Case, Clause, ExplainedVerdict, changes
from services.billing.domain.why.facts_in_words import SAYINGS
from tests.harness.billing.history import (
    MONDAY,
    attended,
    authorization,
    billable,
    confirmed,
    day,
    rows_of,
    session,
)

IN_DOUBT = (attended(MONDAY, no_check_out=True), attended(MONDAY, overlap=True))
MODULES = [*Path(domain.__file__).parent.rglob("*.py")]


def verdict(history: BillingHistory, gate: str) -> ExplainedVerdict:
    [found] = [
        of_gate for of_gate in Case(history).explain(MONDAY).verdicts if of_gate.gate == gate
    ]
    return found


def held(history: BillingHistory) -> ExplainedVerdict:
    [found] = [of_gate for of_gate in Case(history).explain(MONDAY).verdicts if of_gate.reason]
    return found


def test_every_gate_of_an_open_day_says_what_it_asks_and_what_it_looked_at() -> None:
    explained = Case(billable(MONDAY)).explain(MONDAY)
    assert {of_gate.verdict for of_gate in explained.verdicts} == {"PASS"}
    looked = {of_gate.gate for of_gate in explained.verdicts if of_gate.facts}
    asked = {of_gate.gate for of_gate in explained.verdicts}
    assert asked - looked == {"RESTRICTION", "WEEK"}  # nothing restricts it; nobody asks weeks
    assert asked == {*Gate} - {Gate.CLAIM}  # which is asked of corrections alone
    said = verdict(billable(MONDAY), "MINUTES").facts
    assert said == {f"attended {MONDAY} s": f"180 minutes attended in session {MONDAY} s"}


def test_too_short_a_day_names_the_clause_and_its_value() -> None:
    short = billable(MONDAY, attendances=(attended(MONDAY, 165),))
    closed = held(short)
    assert (closed.gate, closed.verdict, closed.releases) == ("MINUTES", "REFUSE", ())
    assert Clause("per_diem.minimum_minutes", "180") in closed.clauses


def test_too_short_a_day_with_an_open_session_waits_for_its_closing() -> None:
    short = billable(MONDAY, attendances=(attended(MONDAY, 165),))
    evening = session(MONDAY, "evening", facilitator_id="f")
    closed = held(replace(short, sessions=(*short.sessions, evening)))
    assert (closed.verdict, closed.reason) == ("HOLD", "SHORT_OF_MINUTES")
    [needed] = closed.releases
    assert needed.says == f"closes session {MONDAY} evening of {MONDAY}"
    assert (needed.rpc, needed.staff_id) == (f"{release.ATTENDANCE}/CloseSession", "f")


def test_an_unsigned_note_is_released_by_its_facilitator_signing_it() -> None:
    history = billable(MONDAY, notes=())
    history = replace(
        history, sessions=tuple(replace(s, facilitator_id="f") for s in history.sessions)
    )
    closed = held(history)
    assert (closed.verdict, closed.reason) == ("HOLD", "NOTE_UNSIGNED")
    [needed] = closed.releases
    assert needed.says == f"signs the note of session {MONDAY} s"
    assert (needed.rpc, needed.staff_id) == (f"{release.ATTENDANCE}/SignNote", "f")
    assert list(roles_of(needed.rpc)) == ["clinician"]


def test_a_plan_signed_too_late_is_released_by_nobody() -> None:
    late = day(10)
    history = billable(late, plans=())
    [closed] = [of_gate for of_gate in Case(history).explain(late).verdicts if of_gate.reason]
    [needed] = closed.releases
    assert (closed.reason, needed.rpc) == ("NO_PLAN_IN_FORCE", "")
    assert set(closed.facts) == {"admission"}


def test_used_up_units_say_how_many_and_any_of_two_acts_releases_the_day() -> None:
    history = billable(MONDAY, day(1), authorizations=(authorization(1),))
    [closed] = [of_gate for of_gate in Case(history).explain(day(1)).verdicts if of_gate.reason]
    assert closed.reason == "AUTHORIZATION_USED_UP"
    assert all(remedy.alternative for remedy in closed.releases)
    [said] = closed.facts.values()
    assert said.startswith("1 DAYS of level 2.1") and "1 on days not issued yet" in said


def test_every_reason_that_a_gate_can_give_is_in_the_catalogue_in_words_of_its_own() -> None:
    """A verdict takes nothing else: that, the type checker sees."""
    assert len(Reason) > 30
    assert all(reason.value == reason.name for reason in (*Reason, *Gate))
    assert len({reason.says for reason in Reason}) == len(Reason)
    assert len({gate.asks for gate in Gate}) == len(Gate)
    given = set(re.findall(r"Reason\.([A-Z_]+)", "".join(map(Path.read_text, MODULES))))
    assert given == {*Reason.__members__}
    assert {AttendedService(attendance=doubted).in_doubt for doubted in IN_DOUBT} <= {*Reason}


def test_what_is_closed_for_now_says_what_opens_it_and_what_is_for_good_says_no_command() -> None:
    for reason in Reason:
        commands = [opener for opener in reason.opened_by if isinstance(opener, Remedy)]
        if reason.final:
            assert commands == []
        else:
            assert reason.opened_by or reason is Reason.VOID_NOT_ANSWERED


def test_everything_that_is_known_of_a_client_says_something() -> None:
    assert SAYINGS.keys() == {field.name for field in fields(BillingHistory)} - {"client_id"}


@pytest.mark.parametrize("attendance", IN_DOUBT)
def test_minutes_in_doubt_are_released_by_a_correction_of_their_session(
    attendance: Attendance,
) -> None:
    closed = [
        of_gate
        for of_gate in Case(billable(MONDAY, attendances=(attendance,))).explain(MONDAY).verdicts
        if of_gate.reason
    ]
    assert closed
    assert all(
        release.says.endswith(f"session {MONDAY} s") and release.rpc.endswith("/CorrectAttendance")
        for of_gate in closed
        for release in of_gate.releases
    )


def test_every_command_that_releases_a_hold_is_one_with_a_policy() -> None:
    openers = [opener for reason in Reason for opener in reason.opened_by]
    named = {opener.rpc for opener in openers if isinstance(opener, Remedy) and opener.rpc}
    found = re.findall(r'f"(\{[A-Z]+\}/\w+)"', Path(release.__file__).read_text())
    named |= {rpc.format(**vars(release)) for rpc in found}
    assert len(named) > 12
    assert {rpc.partition("/")[0] for rpc in named} <= SERVICES.keys()
    assert all(roles_of(rpc) for rpc in named)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"bill_by": "DISCRETE", "discrete": (DiscreteService(service_kind="GROUP", code="90853"),)},
        {
            "bill_by": "TIMED_UNITS",
            "timed_units": TimedUnits(code="H0015", modifiers=(), unit_minutes=15, rounding="UP"),
        },
        {"complete_weeks_only": True, "weekly_minimum_minutes": 60},
    ],
)
def test_every_clause_is_a_field_of_the_contract(changed: dict[str, object]) -> None:
    history = billable(MONDAY, confirmed=(confirmed(**changed),))
    found = {c.field for of_gate in Case(history).explain(MONDAY).verdicts for c in of_gate.clauses}
    assert found
    for path in found.union(*(gate.fields for gate in Gate)):
        holder = rules_pb2.RuleSet.DESCRIPTOR
        for step in path.split("."):
            field = holder.fields_by_name[step]
            holder = field.message_type


def test_what_changed_between_revisions_is_told_field_by_field() -> None:
    [row] = rows_of(billable(day(0)), DayRow)
    held = replace(
        row,
        outcome="HOLD",
        verdicts=(RowVerdict(gate="NOTE", open=False, reason="NOTE_UNSIGNED"),),
        lines=(),
        authorized_units=0,
    )
    told = [(change.field, change.was, change.now) for change in changes(held, row)]
    assert told == [
        ("authorized units", "none", "1"),
        ("lines", "none", "H0015 x 1 $300.00"),
        ("outcome", "HOLD", "PER_DIEM"),
        ("closed gates", "NOTE NOTE_UNSIGNED", "none"),
    ]
    assert changes(row, row) == []
