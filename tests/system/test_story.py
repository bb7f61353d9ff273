"""What the story leaves behind: every promise of the demo, and of the file it issued."""

from collections import Counter

from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.read import claims_of
from tests.billing.x12.judge import judge
from tests.system.played import Played


def test_every_kind_of_day_is_there_and_nothing_is_parked(calm: Played) -> None:
    summary = calm.summary
    assert summary.clients == 12
    assert set(summary.service_days) == {"PER_DIEM", "NOT_BILLABLE", "HOLD"}
    assert summary.held == ("NOTE_UNSIGNED",)
    assert summary.claims == {"DRAFTED": 0, "ISSUED": 36}
    assert (summary.proposals, summary.parked) == (1, 0)


def test_the_file_is_one_a_payer_would_take(calm: Played) -> None:
    assert judge(calm.file.read_bytes()) == []


def test_the_files_claims_are_the_issued_ones_and_charges_add_up(calm: Played) -> None:
    claims = claims_of(calm.file.read_bytes())
    assert len(claims) == calm.summary.claims["ISSUED"] == len({claim.claim_id for claim in claims})
    assert sum(claim.charge_minor for claim in claims) == calm.summary.claims_amount_minor
    for claim in claims:
        assert claim.charge_minor == sum(line.charge_minor for line in claim.lines)
        assert claim.billing_npi is not None and is_valid_npi(claim.billing_npi)
        assert claim.frequency == "1" and claim.prior_authorization
        for line in claim.lines:
            assert line.diagnosis_pointers[0] == 1
            assert max(line.diagnosis_pointers) <= len(claim.diagnoses)


def test_no_client_has_two_per_diems_of_one_payer_on_a_day(calm: Played) -> None:
    lines = Counter(
        (claim.member_id, claim.payer_id, line.service_date)
        for claim in claims_of(calm.file.read_bytes())
        for line in claim.lines
    )
    assert lines and set(lines.values()) == {1}


def test_what_was_published_was_heard_and_sent(calm: Played) -> None:
    assert (calm.unsent, calm.due, calm.behind) == (0, 0, 0)
    assert calm.heard_heads
    for (_, heard), heads in calm.heard_heads.items():
        assert heads == calm.published_heads[heard]
