"""What holds of the scrub whatever it is given."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.x12.elements import NotRepresentable
from services.billing.domain.x12.scrub import scrub
from tests.billing.x12.examples import CREATED, SUBSCRIBER, batch, claim, line, written
from tests.billing.x12.judge import judge

TODAY = CREATED.date()
anything = st.text(max_size=8) | st.text("AB1*é ", max_size=8)


@settings(deadline=None)
@given(
    texts=st.tuples(anything, anything, anything, anything),
    charge=st.integers(-2, 10**11),
    pointer=st.integers(-1, 3),
)
def test_what_the_scrub_passes_can_be_written(
    texts: tuple[str, str, str, str], charge: int, pointer: int
) -> None:
    last, member, claim_id, code = texts
    odd = claim(
        claim_id=claim_id or "C-1",
        subscriber=replace(SUBSCRIBER, last=last, member_id=member),
        lines=(line(code=code or "H0015", charge_minor=charge, diagnosis_pointers=(pointer,)),),
    )
    findings = scrub(batch(odd), created=TODAY)
    try:
        data = written(odd)
    except NotRepresentable:
        assert findings
    else:
        assert findings or judge(data) == []


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
