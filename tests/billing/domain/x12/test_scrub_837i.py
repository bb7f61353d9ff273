"""What the scrub finds in institutional claims, rule by rule, without a value."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from services.billing.domain.x12.envelope import NotRepresentable
from services.billing.domain.x12.t837.claim import Batch837I, InstitutionalClaim
from services.billing.domain.x12.t837.scrub import scrub
from services.billing.domain.x12.t837.scrub_rules import Rule
from tests.harness.x12.institutional_claims import ATTENDING, GOLDEN, batch, claim, line, written
from tests.harness.x12.judge import judge
from tests.harness.x12.professional_claims import CREATED, FACILITY, PROVIDER, SUBSCRIBER
from tests.harness.x12.professional_strategies import few_changes

TODAY = CREATED.date()
LAST = date(2026, 3, 7)


def found(subject: InstitutionalClaim | Batch837I) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in scrub(subject, created=TODAY)]


def test_good_claims_have_no_findings() -> None:
    assert found(batch(*GOLDEN)) == []
    for good in GOLDEN:
        assert found(good) == []


def lined(**changes: Any) -> InstitutionalClaim:
    return claim(lines=(line(1, **changes),))


def attended(**changes: Any) -> InstitutionalClaim:
    return claim(attending=replace(ATTENDING, **changes))


MANY = tuple(f"F1{n % 10}.{n // 10}0" for n in range(26))

CLAIMS: list[tuple[Rule, str, InstitutionalClaim]] = [
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="c-1")),
    (Rule.TYPE_OF_BILL_SHAPE, "type_of_bill", claim(type_of_bill="131")),
    (Rule.TYPE_OF_BILL_SHAPE, "type_of_bill", claim(type_of_bill="01")),
    (Rule.TYPE_OF_BILL_SHAPE, "type_of_bill", claim(type_of_bill="1X")),
    (Rule.FREQUENCY_UNKNOWN, "frequency", claim(frequency="6")),
    (Rule.FREQUENCY_UNKNOWN, "frequency", claim(frequency="9")),
    (Rule.CONTROL_NUMBER_MISSING, "payer_control_number", claim(frequency="7")),
    (Rule.CONTROL_NUMBER_MISSING, "payer_control_number", claim(frequency="8")),
    (Rule.CONTROL_NUMBER_UNEXPECTED, "payer_control_number", claim(payer_control_number="X1")),
    (
        Rule.CONTROL_NUMBER_UNEXPECTED,
        "payer_control_number",
        claim(frequency="4", payer_control_number="X1"),
    ),
    (Rule.ADMISSION_CODE_SHAPE, "admission_type", claim(admission_type="")),
    (Rule.ADMISSION_CODE_SHAPE, "admission_source", claim(admission_source="01")),
    (Rule.PATIENT_STATUS_UNKNOWN, "patient_status", claim(patient_status="1")),
    (Rule.PATIENT_STATUS_NOT_OF_FREQUENCY, "patient_status", claim(frequency="2")),
    (Rule.PATIENT_STATUS_NOT_OF_FREQUENCY, "patient_status", claim(frequency="3")),
    (
        Rule.PATIENT_STATUS_NOT_OF_FREQUENCY,
        "patient_status",
        claim(frequency="4", patient_status="30"),
    ),
    (Rule.DIAGNOSES_COUNT, "diagnoses", claim(diagnoses=())),
    (Rule.DIAGNOSES_COUNT, "diagnoses", claim(diagnoses=MANY)),
    (Rule.DIAGNOSIS_SHAPE, "diagnoses[1]", claim(diagnoses=("F10.20", "10.20"))),
    (Rule.DIAGNOSIS_REPEATED, "diagnoses[1]", claim(diagnoses=("F10.20", "F1020"))),
    (Rule.REASONS_COUNT, "reasons_for_visit", claim(reasons_for_visit=MANY[:4])),
    (Rule.DIAGNOSIS_SHAPE, "reasons_for_visit[0]", claim(reasons_for_visit=("92",))),
    (Rule.CONDITION_SHAPE, "condition_codes[1]", claim(condition_codes=("92", "9"))),
    (Rule.CONDITION_REPEATED, "condition_codes[1]", claim(condition_codes=("92", "92"))),
    (
        Rule.CONDITIONS_COUNT,
        "condition_codes",
        claim(condition_codes=tuple(f"{n:02d}" for n in range(25))),
    ),
    (Rule.ATTENDING_MISSING, "attending", claim(attending=None)),
    (Rule.NPI_INVALID, "attending.npi", attended(npi="1999999043")),
    (Rule.TAXONOMY_SHAPE, "attending.taxonomy", attended(taxonomy="2084P0800")),
    (Rule.NPI_INVALID, "facility.npi", claim(facility=replace(FACILITY, npi="1"))),
    (Rule.SEX_MISSING, "subscriber.sex", claim(subscriber=replace(SUBSCRIBER, sex=None))),
    (Rule.STATEMENT_REVERSED, "statement_to", claim(statement_to=date(2026, 2, 28))),
    (Rule.STATEMENT_AFTER_CREATION, "statement_to", claim(statement_to=date(2026, 3, 10))),
    (
        Rule.SERVICE_OUTSIDE_STATEMENT,
        "lines[0].service_date",
        lined(service_date=LAST + timedelta(days=1)),
    ),
    (
        Rule.SERVICE_OUTSIDE_STATEMENT,
        "lines[1].service_date",
        claim(lines=(line(1), line(2, service_date=date(2026, 2, 28)))),
    ),
    (Rule.ADMISSION_AFTER_SERVICE, "admission_date", claim(admission_date=TODAY)),
    (Rule.LINES_COUNT, "lines", claim(lines=())),
    (Rule.LINES_COUNT, "lines", claim(lines=tuple(line(n) for n in range(1000)))),
    (
        Rule.LINE_CONTROL_NUMBER_REPEATED,
        "lines[1].control_number",
        claim(lines=(line(1), line(2, control_number="l1 "))),
    ),
    (Rule.REVENUE_CODE_SHAPE, "lines[0].revenue_code", lined(revenue_code="906")),
    (Rule.REVENUE_CODE_SHAPE, "lines[0].revenue_code", lined(revenue_code="9060")),
    (Rule.REVENUE_CODE_SHAPE, "lines[0].revenue_code", lined(revenue_code="090X")),
    (Rule.PROCEDURE_SHAPE, "lines[0].code", lined(code="H001")),
    (Rule.MODIFIER_WITHOUT_PROCEDURE, "lines[0].modifiers", lined(code=None)),
    (Rule.MODIFIER_REPEATED, "lines[0].modifiers[1]", lined(modifiers=("HF", "HF"))),
    (Rule.CHARGE_NOT_POSITIVE, "lines[0].charge_minor", lined(charge_minor=0)),
    (Rule.UNITS_NOT_POSITIVE, "lines[0].units", lined(units=0)),
    (Rule.UNIT_BASIS_UNKNOWN, "lines[0].unit_basis", lined(unit_basis="MJ")),
    (Rule.NOT_REPRESENTABLE, "attending.last", attended(last="Иванова")),
]


@pytest.mark.parametrize(("rule", "field", "bad"), CLAIMS)
def test_a_claim_breaking_one_rule_has_one_finding(
    rule: Rule, field: str, bad: InstitutionalClaim
) -> None:
    assert found(bad) == [(rule.name, f"claim.{field}")]
    assert found(batch(bad)) == [(rule.name, f"groups[0].claims[0].{field}")]


def test_who_attends_is_not_who_bills() -> None:
    bad = batch(attended(npi=PROVIDER.npi))
    assert found(bad) == [("ATTENDING_IS_BILLING", "groups[0].claims[0].attending.npi")]


def test_a_batch_of_either_form_is_checked_as_a_whole() -> None:
    assert found(batch(claim(), claim())) == [
        ("CLAIM_ID_REPEATED", "groups[0].claims[1].claim_id"),
    ]
    assert found(batch(provider=replace(PROVIDER, npi="1"))) == [
        ("NPI_INVALID", "groups[0].provider.npi"),
    ]
    assert found(replace(batch(), groups=())) == [("NOT_REPRESENTABLE", "groups")]


texts = st.text(max_size=5) | st.text("0123AB*é ", max_size=5)
odd_lines = st.builds(
    line,
    revenue_code=st.sampled_from(("0905", "0250")) | texts,
    code=st.sampled_from(("H0015", None)) | texts,
    unit_basis=st.sampled_from(("UN", "DA", "MJ")),
    charge_minor=st.integers(-1, 10**11) | st.just(25_000),
    service_date=st.dates(date(2026, 2, 27), date(2026, 3, 12)),
)
odd_claims = few_changes(
    {
        "type_of_bill": st.sampled_from(("13", "89")) | texts,
        "frequency": st.sampled_from("1234567890"),
        "payer_control_number": st.sampled_from((None, " ", "EXICN-1", "É")),
        "patient_status": st.sampled_from(("01", "30")) | texts,
        "admission_source": st.sampled_from("1A*é"),
        "condition_codes": st.lists(st.sampled_from(("92", "A6", "é1", "1")) | texts).map(tuple),
        "reasons_for_visit": st.lists(st.sampled_from(("F10.20", "R45")) | texts).map(tuple),
        "statement_to": st.dates(date(2026, 2, 27), date(2026, 3, 12)),
        "attending": st.builds(replace, st.just(ATTENDING), last=st.just("Roe") | texts),
        "lines": st.lists(odd_lines, max_size=2).map(tuple),
    },
).map(lambda changes: claim(**changes))


@settings(deadline=None)
@given(odd_claims)
def test_what_the_scrub_passes_can_be_written(odd: InstitutionalClaim) -> None:
    findings = scrub(batch(odd), created=TODAY)
    try:
        data = written(odd)
    except NotRepresentable:
        assert findings
    else:
        assert findings or judge(data) == []


def test_odd_claims_are_both_passed_and_found_fault_with() -> None:
    find(odd_claims, lambda odd: odd != claim() and not found(odd))
    find(odd_claims, lambda odd: bool(found(odd)))


def test_no_finding_shows_a_value() -> None:
    bad = claim(
        claim_id="CANARY ",
        type_of_bill="CANARY",
        patient_status="CANARY",
        condition_codes=("CANARY",),
        reasons_for_visit=("CANARY%",),
        attending=replace(ATTENDING, last="CANARY%", npi="CANARY", taxonomy="CANARY"),
        lines=(line(revenue_code="CANARY", unit_basis="CANARY"),),
    )
    findings = scrub(batch(bad), created=TODAY)
    assert len(findings) >= 9
    assert "CANARY" not in repr(findings)
