"""Random institutional batches that nothing is wrong with, and what a reader must find in them."""

from datetime import date, timedelta

from hypothesis import assume
from hypothesis import strategies as st

from services.billing.domain.x12.envelope import text
from services.billing.domain.x12.t837.claim import (
    CORRECTIONS,
    Batch837I,
    BillingGroup,
    ClaimFrequency,
    Clinician,
    InstitutionalClaim,
    InstitutionalLine,
)
from tests.harness.x12.professional_claims import RECEIVER, SUBMITTER
from tests.harness.x12.professional_strategies import (
    CREATION_DAY,
    awkward_names,
    codes,
    days,
    diagnoses,
    facilities,
    modifiers,
    npis,
    payers,
    providers,
    subscribers,
    taxonomies,
)
from tests.harness.x12.reading import ClaimSummary, LineSummary

MORE_DIAGNOSES = tuple(f"F{n}.{n % 10}" for n in range(10, 60))
STATUSES = {"1": ("01", "07"), "2": ("30",), "3": ("30",), "4": ("01", "07")}

attendings = st.builds(
    Clinician,
    last=awkward_names,
    first=awkward_names | st.just(""),
    npi=npis,
    taxonomy=st.none() | taxonomies,
)
procedures = st.tuples(
    st.sampled_from(("H0015", "90853", "S9480", "G0410")),
    st.lists(modifiers, max_size=4, unique=True).map(tuple),
) | st.just((None, ()))
CONDITIONS = tuple(f"{letter}{digit}" for letter in "49DE" for digit in range(10))
conditions = st.lists(st.sampled_from(CONDITIONS), max_size=24, unique=True).map(tuple)


def diagnosis_lists(fewest: int, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    kinds = diagnoses | st.sampled_from(MORE_DIAGNOSES)
    listed = st.lists(
        kinds, min_size=fewest, max_size=most, unique_by=lambda code: code.replace(".", "")
    )
    return listed.map(tuple)


@st.composite
def lines(draw: st.DrawFn, number: int, first: date, last: date) -> InstitutionalLine:
    code, modifying = draw(procedures)
    return InstitutionalLine(
        control_number=f"L{number}",
        revenue_code=draw(st.sampled_from(("0905", "0906", "0915", "0900"))),
        code=code,
        modifiers=modifying,
        charge_minor=draw(st.integers(1, 5_000_000)),
        units=draw(st.integers(1, 99)),
        unit_basis=draw(st.sampled_from(("UN", "DA"))),
        service_date=draw(st.dates(first, last)),
    )


@st.composite
def claims(draw: st.DrawFn, claim_id: str) -> InstitutionalClaim:
    first, last = sorted((draw(days), draw(days)))
    frequency = draw(st.sampled_from(ClaimFrequency))
    return InstitutionalClaim(
        claim_id=claim_id,
        type_of_bill=draw(st.sampled_from(("13", "76", "85", "89"))),
        frequency=frequency,
        payer_control_number=draw(codes) if frequency in CORRECTIONS else None,
        prior_authorization=draw(st.none() | codes),
        statement_from=first,
        statement_to=last,
        admission_date=draw(st.none() | st.just(CREATION_DAY - timedelta(days=500))),
        admission_type=draw(st.sampled_from("1239")),
        admission_source=draw(st.sampled_from("128E")),
        patient_status=draw(st.sampled_from(STATUSES.get(frequency, ("01", "30")))),
        diagnoses=draw(diagnosis_lists(1, 25)),
        reasons_for_visit=draw(diagnosis_lists(0, 3)),
        condition_codes=draw(conditions),
        lines=tuple(draw(lines(n, first, last)) for n in range(draw(st.integers(1, 4)))),
        subscriber=draw(subscribers),
        payer=draw(payers),
        attending=draw(attendings),
        facility=draw(st.none() | facilities),
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch837I:
    groups = []
    for g in range(draw(st.integers(1, 2))):
        listed = tuple(draw(claims(f"C{g}-{c}")) for c in range(draw(st.integers(1, 3))))
        provider = draw(providers)
        assume(all(c.attending and c.attending.npi != provider.npi for c in listed))
        groups.append(BillingGroup(provider=provider, claims=listed))
    return Batch837I(submitter=SUBMITTER, receiver=RECEIVER, groups=tuple(groups))


def said_by(batch: Batch837I) -> tuple[ClaimSummary, ...]:
    """What the batch's file must say, worked out without writing it."""
    return tuple(
        said(claim, group.provider.npi) for group in batch.groups for claim in group.claims
    )


def said(claim: InstitutionalClaim, billing_npi: str) -> ClaimSummary:
    return ClaimSummary(
        form="I",
        claim_id=claim.claim_id,
        charge_minor=sum(line.charge_minor for line in claim.lines),
        type_of_bill=claim.type_of_bill,
        frequency=claim.frequency,
        payer_control_number=claim.payer_control_number,
        prior_authorization=claim.prior_authorization,
        admission_date=claim.admission_date,
        statement_from=claim.statement_from,
        statement_to=claim.statement_to,
        admission_type=claim.admission_type,
        admission_source=claim.admission_source,
        patient_status=claim.patient_status,
        diagnoses=tuple(code.replace(".", "") for code in claim.diagnoses),
        reasons_for_visit=tuple(code.replace(".", "") for code in claim.reasons_for_visit),
        condition_codes=claim.condition_codes,
        billing_npi=billing_npi,
        attending_npi=claim.attending.npi if claim.attending else None,
        facility_name=text(claim.facility.name, "name", longest=60) if claim.facility else None,
        facility_npi=claim.facility.npi if claim.facility else None,
        payer_id=claim.payer.payer_id,
        member_id=claim.subscriber.member_id,
        lines=tuple(_said_line(line) for line in claim.lines),
    )


def _said_line(line: InstitutionalLine) -> LineSummary:
    return LineSummary(
        control_number=line.control_number,
        code=line.code or "",
        modifiers=line.modifiers,
        charge_minor=line.charge_minor,
        units=line.units,
        place_of_service=None,
        service_date=line.service_date,
        diagnosis_pointers=(),
        revenue_code=line.revenue_code,
    )
