"""What the scrub finds, rule by rule, and that it says so without a value."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.billing.domain.x12.t837.claim import (
    Batch837P,
    BillingGroup,
    BillingProvider,
    ProfessionalClaim,
)
from services.billing.domain.x12.t837.scrub import scrub
from services.billing.domain.x12.t837.scrub_rules import Rule
from tests.billing.domain.x12.test_scrub_837i import CLAIMS as INSTITUTIONAL_CLAIMS
from tests.harness.x12.professional_claims import (
    CREATED,
    FACILITY,
    GOLDEN,
    PAYER,
    PROVIDER,
    RENDERING,
    SUBMITTER,
    SUBSCRIBER,
    batch,
    claim,
    line,
)

TODAY = CREATED.date()
BIRTH = date(1990, 2, 28)


def found(subject: ProfessionalClaim | Batch837P) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in scrub(subject, created=TODAY)]


def test_good_claims_have_no_findings() -> None:
    assert found(batch(*GOLDEN)) == []
    for good in GOLDEN:
        assert found(good) == []


def person(**changes: Any) -> ProfessionalClaim:
    return claim(subscriber=replace(SUBSCRIBER, **changes))


def lived(**changes: Any) -> ProfessionalClaim:
    assert SUBSCRIBER.address is not None
    return person(address=replace(SUBSCRIBER.address, **changes))


def lined(**changes: Any) -> ProfessionalClaim:
    return claim(lines=(line(1, **changes),))


def treated(**changes: Any) -> ProfessionalClaim:
    return claim(rendering=replace(RENDERING, **changes))


def housed(**changes: Any) -> ProfessionalClaim:
    return claim(facility=replace(FACILITY, address=replace(FACILITY.address, **changes)))


TWO = (line(1, service_date=BIRTH - timedelta(days=1)), line(2))

CLAIMS: list[tuple[Rule, str, ProfessionalClaim]] = [
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="C" * 21)),
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="")),
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="c-1")),
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="C 1")),
    (Rule.CLAIM_ID_SHAPE, "claim_id", claim(claim_id="C-1\n")),
    (Rule.PLACE_OF_SERVICE_UNKNOWN, "place_of_service", claim(place_of_service="5")),
    (Rule.FREQUENCY_UNKNOWN, "frequency", claim(frequency="6")),
    (
        Rule.FILING_INDICATOR_UNKNOWN,
        "payer.filing_indicator",
        claim(payer=replace(PAYER, filing_indicator="QQ")),
    ),
    (Rule.CONTROL_NUMBER_MISSING, "payer_control_number", claim(frequency="7")),
    (
        Rule.CONTROL_NUMBER_MISSING,
        "payer_control_number",
        claim(frequency="8", payer_control_number=" "),
    ),
    (Rule.CONTROL_NUMBER_UNEXPECTED, "payer_control_number", claim(payer_control_number="X1")),
    (Rule.LINES_COUNT, "lines", claim(lines=())),
    (Rule.LINES_COUNT, "lines", claim(lines=tuple(line(n) for n in range(51)))),
    (Rule.DIAGNOSES_COUNT, "diagnoses", claim(diagnoses=tuple(f"F10.{n}" for n in range(13)))),
    (Rule.DIAGNOSIS_SHAPE, "diagnoses[1]", claim(diagnoses=("F10.20", "10.20"))),
    (Rule.DIAGNOSIS_SHAPE, "diagnoses[1]", claim(diagnoses=("F10.20", "F1"))),
    (Rule.DIAGNOSIS_SHAPE, "diagnoses[1]", claim(diagnoses=("F10.20", "F10.20123"))),
    (Rule.DIAGNOSIS_SHAPE, "diagnoses[1]", claim(diagnoses=("F10.20", "F3.20"))),
    (Rule.DIAGNOSIS_REPEATED, "diagnoses[1]", claim(diagnoses=("F10.20", "F1020"))),
    (Rule.ADMISSION_AFTER_SERVICE, "admission_date", claim(admission_date=TODAY)),
    (Rule.BIRTH_DATE_MISSING, "subscriber.birth_date", person(birth_date=None)),
    (Rule.SEX_MISSING, "subscriber.sex", person(sex=None)),
    (Rule.SEX_MISSING, "subscriber.sex", person(sex="X")),
    (Rule.SUBSCRIBER_ADDRESS_MISSING, "subscriber.address", person(address=None)),
    (Rule.STATE_UNKNOWN, "subscriber.address.state", lived(state="Ohio")),
    (Rule.POSTAL_CODE_SHAPE, "subscriber.address.postal_code", lived(postal_code="4412")),
    (Rule.NOT_REPRESENTABLE, "subscriber.address.line1", lived(line1=" ")),
    (Rule.NOT_REPRESENTABLE, "subscriber.last", person(last="Иванова")),
    (Rule.NOT_REPRESENTABLE, "subscriber.member_id", person(member_id="X*1")),
    (Rule.NPI_INVALID, "rendering.npi", treated(npi="1999999035")),
    (Rule.TAXONOMY_SHAPE, "rendering.taxonomy", treated(taxonomy="101YA0400")),
    (Rule.NPI_INVALID, "facility.npi", claim(facility=replace(FACILITY, npi="1"))),
    (
        Rule.POSTAL_CODE_NOT_PLUS_FOUR,
        "facility.address.postal_code",
        housed(postal_code="44301"),
    ),
    (Rule.PROCEDURE_SHAPE, "lines[0].code", lined(code="H001")),
    (Rule.PROCEDURE_SHAPE, "lines[0].code", lined(code="HH015")),
    (Rule.CHARGE_NOT_POSITIVE, "lines[0].charge_minor", lined(charge_minor=0)),
    (
        Rule.CHARGE_NOT_POSITIVE,
        "lines[0].charge_minor",
        claim(lines=(line(1, charge_minor=-1), line(2))),
    ),
    (Rule.NOT_REPRESENTABLE, "charge_minor", lined(charge_minor=10**10)),
    (Rule.UNIT_BASIS_UNKNOWN, "lines[0].unit_basis", lined(unit_basis="DA")),
    (Rule.UNITS_NOT_POSITIVE, "lines[0].units", lined(units=0)),
    (Rule.PLACE_OF_SERVICE_UNKNOWN, "lines[0].place_of_service", lined(place_of_service="X")),
    (Rule.MODIFIER_SHAPE, "lines[0].modifiers[1]", lined(modifiers=("HF", "H"))),
    (Rule.MODIFIER_REPEATED, "lines[0].modifiers[1]", lined(modifiers=("HF", "HF"))),
    (
        Rule.MODIFIERS_COUNT,
        "lines[0].modifiers",
        lined(modifiers=("HF", "HQ", "95", "U1", "U2")),
    ),
    (Rule.POINTERS_COUNT, "lines[0].diagnosis_pointers", lined(diagnosis_pointers=())),
    (Rule.POINTER_OUT_OF_RANGE, "lines[0].diagnosis_pointers", lined(diagnosis_pointers=(1, 3))),
    (Rule.POINTER_OUT_OF_RANGE, "lines[0].diagnosis_pointers", lined(diagnosis_pointers=(0,))),
    (Rule.POINTER_REPEATED, "lines[0].diagnosis_pointers", lined(diagnosis_pointers=(1, 1))),
    (
        Rule.SERVICE_AFTER_CREATION,
        "lines[0].service_date",
        lined(service_date=TODAY + timedelta(days=1)),
    ),
    (Rule.SERVICE_BEFORE_BIRTH, "lines[0].service_date", claim(lines=TWO)),
    (
        Rule.LINE_CONTROL_NUMBER_REPEATED,
        "lines[1].control_number",
        claim(lines=(line(1), line(2, control_number="l1 "))),
    ),
]


@pytest.mark.parametrize(("rule", "field", "bad"), CLAIMS)
def test_a_claim_breaking_one_rule_has_one_finding(
    rule: Rule, field: str, bad: ProfessionalClaim
) -> None:
    assert found(bad) == [(rule.name, f"claim.{field}")]
    assert found(batch(bad)) == [(rule.name, f"groups[0].claims[0].{field}")]


def billed(**changes: Any) -> BillingProvider:
    return replace(PROVIDER, **changes)


def seated(**changes: Any) -> BillingProvider:
    return billed(address=replace(PROVIDER.address, **changes))


PROVIDERS: list[tuple[Rule, str, BillingProvider]] = [
    (Rule.NPI_INVALID, "npi", billed(npi="1999999019")),
    (Rule.TAX_ID_SHAPE, "tax_id", billed(tax_id="1234")),
    (Rule.TAXONOMY_SHAPE, "taxonomy", billed(taxonomy="261QR04050")),
    (Rule.POSTAL_CODE_NOT_PLUS_FOUR, "address.postal_code", seated(postal_code="44101")),
    (Rule.STATE_UNKNOWN, "address.state", seated(state="O1")),
    (Rule.PO_BOX_IN_BILLING_ADDRESS, "address.line1", seated(line1="P.O. Box 12")),
    (Rule.PO_BOX_IN_BILLING_ADDRESS, "address.line1", seated(line1="POBox 12")),
    (Rule.PO_BOX_IN_BILLING_ADDRESS, "address.line2", seated(line2="Post Office Box 12")),
    (Rule.PO_BOX_IN_BILLING_ADDRESS, "address.line2", seated(line2="Lockbox 12")),
    (Rule.NOT_REPRESENTABLE, "name", billed(name="x" * 61)),
]


@pytest.mark.parametrize(("rule", "field", "bad"), PROVIDERS)
def test_a_billing_provider_breaking_one_rule_has_one_finding(
    rule: Rule, field: str, bad: BillingProvider
) -> None:
    assert found(batch(provider=bad)) == [(rule.name, f"groups[0].provider.{field}")]


@pytest.mark.parametrize("street", ["12 Boxwood Rd", "4 Post Rd", "9 Lock St", "1 Poe Box Ln"])
def test_a_street_that_sounds_like_a_box_is_a_street(street: str) -> None:
    assert found(batch(provider=seated(line1=street))) == []


BATCHES: list[tuple[Rule, str, Batch837P]] = [
    (Rule.CLAIM_ID_REPEATED, "groups[0].claims[1].claim_id", batch(claim(), claim())),
    (
        Rule.CLAIM_ID_REPEATED,
        "groups[1].claims[0].claim_id",
        replace(batch(), groups=batch().groups * 2),
    ),
    (
        Rule.RENDERING_IS_BILLING,
        "groups[0].claims[0].rendering.npi",
        batch(claim(rendering=replace(RENDERING, npi=PROVIDER.npi))),
    ),
    (
        Rule.NOT_REPRESENTABLE,
        "groups",
        replace(batch(), groups=(BillingGroup(provider=PROVIDER, claims=()),)),
    ),
    (
        Rule.NOT_REPRESENTABLE,
        "submitter.contact_phone",
        replace(batch(), submitter=replace(SUBMITTER, contact_phone="555-0100")),
    ),
    (
        Rule.NOT_REPRESENTABLE,
        "sender.identifier",
        replace(batch(), submitter=replace(SUBMITTER, interchange_id="X" * 16)),
    ),
]


@pytest.mark.parametrize(("rule", "path", "bad"), BATCHES)
def test_a_batch_breaking_one_rule_has_one_finding(rule: Rule, path: str, bad: Batch837P) -> None:
    assert found(bad) == [(rule.name, path)]


def test_every_rule_has_an_example_here() -> None:
    shown = {rule for rule, *_ in (*CLAIMS, *PROVIDERS, *BATCHES)}
    institutional = {rule for rule, *_ in INSTITUTIONAL_CLAIMS} | {Rule.ATTENDING_IS_BILLING}
    assert shown | institutional == set(Rule)


def test_a_claim_breaking_many_rules_has_all_findings() -> None:
    bad = claim(claim_id="", lines=(line(units=0, charge_minor=0),), frequency="7")
    codes = {code for code, _ in found(bad)}
    assert codes == {
        "CLAIM_ID_SHAPE",
        "CONTROL_NUMBER_MISSING",
        "UNITS_NOT_POSITIVE",
        "CHARGE_NOT_POSITIVE",
    }
