"""What holds of the scrub whatever it is given."""

from dataclasses import replace

from hypothesis import find, given, settings
from hypothesis import strategies as st

from services.billing.domain.x12.envelope import NotRepresentable
from services.billing.domain.x12.t837.claim import ProfessionalClaim
from services.billing.domain.x12.t837.scrub import scrub
from tests.harness.x12.judge import judge
from tests.harness.x12.professional_claims import CREATED, SUBSCRIBER, batch, claim, line, written
from tests.harness.x12.professional_strategies import few_changes

TODAY = CREATED.date()
anything = st.text(max_size=8) | st.text("AB1*é ", max_size=8)
odd_lines = st.builds(
    line,
    code=st.just("H0015") | anything,
    charge_minor=st.integers(-2, 10**11) | st.just(25_000),
    diagnosis_pointers=st.integers(-1, 3).map(lambda pointer: (pointer,)),
)
odd_claims = few_changes(
    {
        "claim_id": st.just("C-7") | anything,
        "frequency": st.sampled_from("1278"),
        "payer_control_number": st.sampled_from((None, " ", "EXICN-1", "É")),
        "place_of_service": st.sampled_from(("11", "57", "5", "A1", "é1")),
        "subscriber": st.builds(
            replace,
            st.just(SUBSCRIBER),
            last=st.just("Roe") | anything,
            member_id=st.just("EX1") | anything,
        ),
        "lines": st.lists(odd_lines, max_size=2).map(tuple),
    }
).map(lambda changes: claim(**changes))


@settings(deadline=None)
@given(odd_claims)
def test_what_the_scrub_passes_can_be_written(odd: ProfessionalClaim) -> None:
    findings = scrub(batch(odd), created=TODAY)
    try:
        data = written(odd)
    except NotRepresentable:
        assert findings
    else:
        assert findings or judge(data) == []


def test_odd_claims_are_both_passed_and_found_fault_with() -> None:
    find(odd_claims, lambda odd: odd != claim() and not scrub(odd, created=TODAY))
    find(odd_claims, lambda odd: bool(scrub(odd, created=TODAY)))


def test_no_finding_shows_a_value() -> None:
    assert SUBSCRIBER.address is not None
    canary = replace(
        SUBSCRIBER,
        last="CANARY%",
        member_id="CANARY*",
        sex="CANARY",
        address=replace(SUBSCRIBER.address, state="CANARY", postal_code="CANARY"),
    )
    bad = claim(
        claim_id="CANARY ", subscriber=canary, diagnoses=("CANARY",), lines=(line(code="CANARY"),)
    )
    findings = scrub(batch(bad), created=TODAY)
    assert len(findings) >= 6
    assert "CANARY" not in repr(findings)
