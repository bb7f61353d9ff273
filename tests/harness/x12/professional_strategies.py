"""Random batches that nothing is wrong with, and what a reader must find in their files."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.billing.domain.x12.envelope import text
from services.billing.domain.x12.t837.claim import (
    FREQUENCIES,
    Batch837P,
    BillingGroup,
    BillingProvider,
    ClaimFrequency,
    Clinician,
    DestinationPayer,
    ProfessionalClaim,
    ProfessionalLine,
    ServiceFacility,
    StreetAddress,
    Subscriber,
)
from tests.harness.x12.professional_claims import CREATED, RECEIVER, SUBMITTER, npi
from tests.harness.x12.reading import ClaimSummary, LineSummary

AWKWARD = "aZéñçøłßÆİıŉﬁ’'´-–. ,&/()*:^~#\"\t\u00a0\u00ad\u200b"
CREATION_DAY = CREATED.date()

awkward_names = st.text(AWKWARD, max_size=12).map(lambda tail: "Ob" + tail)
codes = st.text("ABCXYZ0189", min_size=2, max_size=12)
npis = st.from_regex(r"[12][0-9]{8}", fullmatch=True).map(npi)
taxonomies = st.sampled_from(("261QR0405X", "101YA0400X", "103T00000X"))
places = st.sampled_from(("11", "57", "10", "53", "22"))
days = st.dates(CREATION_DAY - timedelta(days=400), CREATION_DAY)
births = st.dates(CREATION_DAY - timedelta(days=40_000), CREATION_DAY - timedelta(days=400))
zip9 = st.from_regex(r"[0-9]{5}-?[0-9]{4}", fullmatch=True)
diagnoses = st.sampled_from(
    ("F10.20", "F1120", "F32.1", "F43.10", "Z79.899", "C7A.1", "U07.1", "F14.20", "T40.2X1A",
     "F33.1", "F60.3", "O9A.11", "M1A.00", "Z59.00")
)  # fmt: skip
modifiers = st.sampled_from(("HF", "HQ", "HE", "95", "U1", "59"))


def addresses(postal_codes: st.SearchStrategy[str]) -> st.SearchStrategy[StreetAddress]:
    return st.builds(
        StreetAddress,
        line1=awkward_names,
        line2=st.none() | st.just("Suite 3"),
        city=awkward_names,
        state=st.sampled_from(("OH", "NY", "CA")),
        postal_code=postal_codes,
    )


providers = st.builds(
    BillingProvider,
    name=awkward_names,
    npi=npis,
    tax_id=st.from_regex(r"[0-9]{2}-?[0-9]{7}", fullmatch=True),
    taxonomy=taxonomies,
    address=addresses(zip9),
)
subscribers = st.builds(
    Subscriber,
    last=awkward_names,
    first=awkward_names | st.just(""),
    middle=st.none() | awkward_names,
    birth_date=births,
    sex=st.sampled_from("MFU"),
    member_id=codes,
    group_number=st.none() | codes,
    address=addresses(zip9 | st.from_regex(r"[0-9]{5}", fullmatch=True)),
)
payers = st.builds(
    DestinationPayer,
    name=awkward_names,
    payer_id=codes,
    filing_indicator=st.sampled_from(("CI", "MC", "BL")),
)
renderings = st.builds(
    Clinician,
    last=awkward_names,
    first=awkward_names,
    npi=npis,
    taxonomy=st.none() | taxonomies,
)
facilities = st.builds(
    ServiceFacility, name=awkward_names, npi=st.none() | npis, address=addresses(zip9)
)


def few_changes(
    kinds: Mapping[str, st.SearchStrategy[Any]],
) -> st.SearchStrategy[dict[str, Any]]:
    """Up to three of these fields: where all are odd, nothing is ever passed."""
    changes = [st.tuples(st.just(field), values) for field, values in kinds.items()]
    return st.lists(st.one_of(*changes), max_size=3).map(dict)


@st.composite
def lines(draw: st.DrawFn, number: int, diagnosis_count: int) -> ProfessionalLine:
    pointers = st.lists(
        st.integers(1, diagnosis_count), min_size=1, max_size=min(4, diagnosis_count), unique=True
    )
    return ProfessionalLine(
        control_number=f"L{number}",
        code=draw(st.sampled_from(("H0015", "90853", "S9480", "H0005", "0362T"))),
        modifiers=tuple(draw(st.lists(modifiers, max_size=4, unique=True))),
        charge_minor=draw(st.integers(1, 5_000_000)),
        units=draw(st.integers(1, 99)),
        place_of_service=draw(st.none() | places),
        service_date=draw(days),
        diagnosis_pointers=tuple(draw(pointers)),
    )


@st.composite
def claims(draw: st.DrawFn, claim_id: str) -> ProfessionalClaim:
    listed = draw(
        st.lists(diagnoses, min_size=1, max_size=12, unique_by=lambda code: code.replace(".", ""))
    )
    frequency = draw(st.sampled_from(FREQUENCIES))
    count = draw(st.integers(1, 4))
    return ProfessionalClaim(
        claim_id=claim_id,
        place_of_service=draw(places),
        frequency=frequency,
        payer_control_number=None if frequency is ClaimFrequency.ORIGINAL else draw(codes),
        prior_authorization=draw(st.none() | codes),
        diagnoses=tuple(listed),
        admission_date=draw(st.none() | st.just(CREATION_DAY - timedelta(days=500))),
        lines=tuple(draw(lines(number, len(listed))) for number in range(count)),
        subscriber=draw(subscribers),
        payer=draw(payers),
        rendering=draw(st.none() | renderings),
        facility=draw(st.none() | facilities),
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch837P:
    groups = []
    for g in range(draw(st.integers(1, 2))):
        provider = draw(providers)
        listed = [draw(claims(f"C{g}-{c}")) for c in range(draw(st.integers(1, 3)))]
        kept = tuple(c for c in listed if not c.rendering or c.rendering.npi != provider.npi)
        groups.append(BillingGroup(provider=provider, claims=kept or (draw(_plain(g)),)))
    return Batch837P(submitter=SUBMITTER, receiver=RECEIVER, groups=tuple(groups))


def _plain(group: int) -> st.SearchStrategy[ProfessionalClaim]:
    return claims(f"C{group}-9").filter(lambda claim: claim.rendering is None)


def said_by(batch: Batch837P) -> tuple[ClaimSummary, ...]:
    """What the batch's file must say, worked out without writing it."""
    return tuple(
        said(claim, group.provider.npi) for group in batch.groups for claim in group.claims
    )


def said(claim: ProfessionalClaim, billing_npi: str) -> ClaimSummary:
    return ClaimSummary(
        form="P",
        claim_id=claim.claim_id,
        charge_minor=sum(line.charge_minor for line in claim.lines),
        place_of_service=claim.place_of_service,
        frequency=claim.frequency,
        payer_control_number=claim.payer_control_number,
        prior_authorization=claim.prior_authorization,
        admission_date=claim.admission_date,
        diagnoses=tuple(code.replace(".", "") for code in claim.diagnoses),
        billing_npi=billing_npi,
        rendering_npi=claim.rendering.npi if claim.rendering else None,
        facility_name=text(claim.facility.name, "name", longest=60) if claim.facility else None,
        facility_npi=claim.facility.npi if claim.facility else None,
        payer_id=claim.payer.payer_id,
        member_id=claim.subscriber.member_id,
        lines=tuple(_said_line(line, claim) for line in claim.lines),
    )


def _said_line(line: ProfessionalLine, claim: ProfessionalClaim) -> LineSummary:
    differs = line.place_of_service != claim.place_of_service
    return LineSummary(
        control_number=line.control_number,
        code=line.code,
        modifiers=line.modifiers,
        charge_minor=line.charge_minor,
        units=line.units,
        place_of_service=line.place_of_service if differs else None,
        service_date=line.service_date,
        diagnosis_pointers=line.diagnosis_pointers,
    )
