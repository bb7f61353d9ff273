"""Every fact that billing uses arrives in the domain, with all that its derivations read of it."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.billing.v1 import billing_events_pb2 as billing
from ninehours.billing.v1 import rules_pb2
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact
from kernel.rpc.translate import to_date
from services.billing.adapters.history import READERS, history_of
from services.billing.adapters.subscriptions import CODE, SUBSCRIPTIONS
from services.billing.domain.history.history import BillingHistory
from tests.harness.billing.history import MONDAY, day

CLIENT = "client/6f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10"
ON = to_date(MONDAY)


def read(message: Any) -> Any:
    """The one thing that is known of a client of whom one fact was heard."""
    fact = HeardFact(
        id=uuid5(UUID(int=0), message.DESCRIPTOR.full_name),
        topic="t",
        subject=CLIENT,
        sequence=7,
        type=message.DESCRIPTOR.full_name,
        message=message,
        label="PART2",
        signed_at=datetime(2026, 3, 2, 15, tzinfo=UTC),
    )
    history = history_of(CLIENT, {CLIENT: [fact]})
    [found] = [
        kept
        for field in dataclasses.fields(history)
        if isinstance(getattr(history, field.name), tuple)
        for kept in getattr(history, field.name)
    ]
    assert found.fact == str(fact.id)
    return found


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            intake.CoverageVerified(coverage_id="c", payer_id="p", verified_from=ON, order=2),
            {"order": 2, "verified_to": None},
        ),
        (
            intake.CoverageVerified(coverage_id="c", payer_id="p", verified_from=ON),
            {"order": 1, "sequence": 7},
        ),
        (
            intake.DiagnosisEnded(code="F10.20", last_day=ON),
            {"code": "F10.20", "last_day": MONDAY, "sequence": 7},
        ),
        (
            intake.CoverageEnded(coverage_id="c", payer_id="p", last_day=ON),
            {"coverage_id": "c", "last_day": MONDAY, "sequence": 7},
        ),
        (
            intake.ConsentRevoked(consent_id="k", revoked_on=ON),
            {"consent_id": "k", "revoked_on": MONDAY},
        ),
        (
            intake.DisclosureRestricted(payer_id="p", to=to_date(day(3)), **{"from": ON}),
            {"payer_id": "p", "start": MONDAY, "end": day(3)},
        ),
        (
            plans.LevelOfCareChanged(episode_id="e", level_of_care="1", effective_from=ON),
            {"episode_id": "e", "level_of_care": "1", "effective_from": MONDAY, "sequence": 7},
        ),
        (
            plans.ClientDischarged(episode_id="e", discharged_on=ON),
            {"episode_id": "e", "discharged_on": MONDAY, "reason": ""},
        ),
        (
            attendance.SessionScheduled(
                session_id="s",
                facilitator_id="f",
                service_kind=attendance_api.SERVICE_KIND_PRESCRIBER_VISIT,
                modality=attendance_api.MODALITY_TELEHEALTH,
                service_date=ON,
                ends_at={"seconds": 1_772_500_000},
            ),
            {
                "service_kind": "PRESCRIBER_VISIT",
                "facilitator_id": "f",
                "modality": "TELEHEALTH",
            },
        ),
        (
            attendance.SessionScheduled(service_date=ON, ends_at={"seconds": 1_772_500_000}),
            {"service_kind": "GROUP"},
        ),
        (attendance.SessionCancelled(session_id="s"), {"session_id": "s"}),
        (
            attendance.SessionAttended(
                service_date=ON, minutes=90, flags=[attendance.FLAG_LATE, attendance.FLAG_OVERLAP]
            ),
            {"minutes": 90, "overlap": True, "no_check_out": False},
        ),
        (
            attendance.AttendanceCorrected(service_date=ON, attended=True, minutes=60),
            {"minutes": 60, "overlap": False},
        ),
        (
            attendance.AttendanceCorrected(
                service_date=ON, attended=True, minutes=60, flags=[attendance.FLAG_OVERLAP]
            ),
            {"minutes": 60, "overlap": True},
        ),
        (attendance.SessionNoteAttested(session_id="s"), {"session_id": "s"}),
        (
            billing.AuthorizationRecorded(
                authorization_id="a",
                units=9,
                effective_from=ON,
                effective_to=ON,
                unit=rules_pb2.AUTHORIZATION_UNIT_HOURS,
                site_id="s",
            ),
            {"unit": "HOURS", "site_id": "s", "units": 9},
        ),
        (
            billing.AuthorizationRecorded(effective_from=ON, effective_to=ON),
            {"unit": "DAYS", "site_id": ""},
        ),
        (
            billing.AuthorizationWaived(payer_id="p", service_date=ON),
            {"payer_id": "p", "service_date": MONDAY},
        ),
        (
            billing.RevocationSettled(payer_id="p", disclose=True),
            {"payer_id": "p", "disclose": True, "revoked_on": None},
        ),
        (
            billing.RevocationSettled(payer_id="p", revoked_on=ON),
            {"payer_id": "p", "disclose": False, "revoked_on": MONDAY},
        ),
        (
            billing.ClaimAdjudicated(
                claim_id="c",
                payer_control_number="n",
                status=billing.ADJUDICATION_STATUS_REVERSED,
                adjudicated_on=ON,
            ),
            {"claim_id": "c", "payer_control_number": "n", "status": "REVERSED"},
        ),
        (
            billing.ClaimIssued(
                claim_id="c",
                period_start=ON,
                period_end=ON,
                claim_form=rules_pb2.CLAIM_FORM_INSTITUTIONAL,
                frequency="7",
                corrects_claim_id="b",
                authorized_units=3,
            ),
            {
                "claim_form": "INSTITUTIONAL",
                "frequency": "7",
                "corrects_claim_id": "b",
                "authorized_units": 3,
            },
        ),
        (
            billing.ClaimIssued(period_start=ON, period_end=ON),
            {"claim_form": "PROFESSIONAL", "frequency": "1", "corrects_claim_id": ""},
        ),
    ],
)
def test_a_fact_is_known_with_all_that_is_read_of_it(
    message: Any, expected: dict[str, Any]
) -> None:
    found = read(message)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_note_was_signed_when_it_says_whenever_it_was_told() -> None:
    note = attendance.SessionNoteSigned(session_id="s", signed_at={"seconds": 1_772_500_000})
    assert read(note).signed_at == datetime.fromtimestamp(1_772_500_000, UTC)


def test_a_line_of_an_issued_claim_is_known_whole() -> None:
    line = billing.ClaimLine(
        service_date=ON,
        code="99213",
        modifiers=["95"],
        units=2,
        place_of_service="10",
        revenue_code="0905",
        ancillary=True,
        rendering_staff_id="f",
        diagnosis_pointers=[2, 1],
    )
    line.charge.minor_units = 500
    [found] = read(billing.ClaimIssued(period_start=ON, period_end=ON, lines=[line])).lines
    assert dataclasses.asdict(found) == {
        "service_date": date(2026, 3, 2),
        "code": "99213",
        "modifiers": ("95",),
        "units": 2,
        "charge_minor": 500,
        "place_of_service": "10",
        "revenue_code": "0905",
        "ancillary": True,
        "rendering_staff_id": "f",
        # Of a claim's lines, the claim says both.
        "site_id": "",
        "provider_id": "",
        "diagnosis_pointers": (2, 1),
    }


def test_every_fact_that_is_heard_is_read_and_fills_everything_that_can_be_known() -> None:
    # What amends a statement is applied before anything is read (kernel/messaging/amendments.py),
    # and so is who is one person (kernel/messaging/persons.py).
    # A site's address is for claims' files, a registration for who may ask about the client;
    # credentials are for who may be named, members and judgements on them for issuing; who is
    # forgotten loses a key, and is billed as before.
    beside = {
        "ninehours.attendance.v1.SiteOpened",
        "ninehours.attendance.v1.StaffCredentialed",
        "ninehours.common.v1.StatementAmended",
        "ninehours.common.v1.ClientMerged",
        "ninehours.common.v1.ClientUnmerged",
        "ninehours.intake.v1.ClientForgotten",
        "ninehours.intake.v1.ClientRegistered",
        "ninehours.intake.v1.MemberRecognised",
        "ninehours.intake.v1.DoublesJudged",
    }
    assert set(READERS) >= set(SUBSCRIPTIONS.by_type) - beside
    # Whatever is read is heard: a reader of a type nobody keeps would never be called.
    assert set(READERS) <= set(SUBSCRIPTIONS.by_type)
    of_amendments = {"admissions_put_right"}
    fields = {field.name for field in dataclasses.fields(BillingHistory)} - {"client_id"}
    fields -= of_amendments
    assert {field for field, _ in READERS.values()} == fields
    assert len(fields) == 29


def test_the_derivation_has_another_meaning_than_the_first_release() -> None:
    assert CODE == "13"
