"""What the story leaves behind: every promise of the demo, and of the files it issued."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from ninehours.billing.v1.billing_events_pb2 import ClaimIssued

from ninehours.story.network import PAYERS
from ninehours.story.requests import ClaimFrequency
from services.billing.domain.x12.npi import is_valid_npi
from tests.harness.x12.judge import judge
from tests.harness.x12.reading import INSTITUTIONAL, PROFESSIONAL, ClaimSummary, claims_of
from tests.system.played import Played

LEFT_OUT = {"NO_CONSENT", "REVOKED_AFTER_SERVICE", "PRIOR_NOT_ADJUDICATED"}


def claims_in(played: Played) -> Iterator[ClaimSummary]:
    for file in played.files:
        yield from claims_of(file.read_bytes())


def test_every_kind_of_day_is_there_and_nothing_is_parked(calm: Played) -> None:
    summary = calm.summary
    assert summary.clients == 60
    assert set(summary.service_days) == {"PER_DIEM", "DISCRETE", "NOT_BILLABLE", "HOLD"}
    assert {"NOTE_UNSIGNED", "AUTHORIZATION_USED_UP", "CONSENT_REVOKED"} <= set(summary.held)
    assert summary.claims["ISSUED"] >= 200
    assert summary.claims["REPLACEMENT"] >= 1 and summary.claims["VOID"] >= 1
    assert (summary.facts["AttendanceCorrected"], summary.proposals) == (4, 1)
    assert summary.parked == 0


def test_who_is_left_out_is_so_for_what_the_story_tells(calm: Played) -> None:
    """Its client revoked the consent, or the payer wants the week before answered first."""
    assert calm.left_out
    assert calm.left_out <= LEFT_OUT


def test_every_file_is_one_a_payer_would_take(calm: Played) -> None:
    assert len(calm.files) > 20
    assert {path.name: judge(path.read_bytes()) for path in calm.files} == {
        path.name: [] for path in calm.files
    }


def test_both_forms_go_out_to_all_payers(calm: Played) -> None:
    claims = list(claims_in(calm))
    assert {claim.form for claim in claims} == {PROFESSIONAL, INSTITUTIONAL}
    assert {claim.payer_id for claim in claims} == {payer.number for payer in PAYERS}


def test_the_files_claims_are_the_issued_ones_and_charges_add_up(calm: Played) -> None:
    claims = list(claims_in(calm))
    counted = Counter(claim.frequency for claim in claims)
    told = calm.summary.claims
    assert counted == {
        ClaimFrequency.ORIGINAL: told["ISSUED"],
        ClaimFrequency.REPLACEMENT: told["REPLACEMENT"],
        ClaimFrequency.VOID: told["VOID"],
    }
    assert len({claim.claim_id for claim in claims}) == len(claims)
    for claim in claims:
        assert claim.charge_minor == sum(line.charge_minor for line in claim.lines) > 0
        assert claim.billing_npi is not None and is_valid_npi(claim.billing_npi)
        assert bool(claim.payer_control_number) == (claim.frequency != ClaimFrequency.ORIGINAL)
        for line in claim.lines:
            if claim.form == PROFESSIONAL:
                assert line.diagnosis_pointers[0] == 1
                assert max(line.diagnosis_pointers) <= len(claim.diagnoses)
            else:
                assert line.revenue_code


def test_a_claim_names_its_site_where_another_address_bills_and_somebody_came(
    calm: Played,
) -> None:
    """All is billed from Lantern Row; who is treated from home is at no site."""
    sites = {
        issued.claim_id.replace("-", "").upper()[:20]: issued.site_id for issued in calm.issued
    }
    named = defaultdict(set)
    for claim in claims_in(calm):
        named[sites[claim.claim_id]].add((claim.facility_name, claim.facility_npi))
    assert sorted(named.values(), key=repr) == [
        {("BREAKWATER IOP", None)},
        {(None, None)},
        {(None, None)},
    ]


def test_only_what_was_billed_by_name_has_no_authorization(calm: Played) -> None:
    without = [claim for claim in claims_in(calm) if not claim.prior_authorization]
    assert [len(claim.lines) for claim in without] == [1]


def test_no_client_has_one_service_twice_on_a_day_on_originals(calm: Played) -> None:
    """A void says what its original said: originals alone are counted."""
    lines = Counter(
        (claim.member_id, claim.payer_id, line.service_date, line.code)
        for claim in claims_in(calm)
        if claim.frequency == ClaimFrequency.ORIGINAL
        for line in claim.lines
    )
    assert lines and set(lines.values()) == {1}


def standing_at_every_prefix(calm: Played) -> Iterator[dict[str, ClaimIssued]]:
    """The claims that stand after each issued one: a correction takes the place of its claim."""
    standing: dict[str, ClaimIssued] = {}
    for claim in calm.issued:
        standing.pop(claim.corrects_claim_id, None)
        if claim.frequency != ClaimFrequency.VOID:
            standing[claim.claim_id] = claim
        yield standing


def test_at_no_prefix_of_the_issued_facts_is_an_authorization_overdrawn(calm: Played) -> None:
    authorized = {found.authorization_id: found.units for found in calm.authorized}
    used_up = 0
    for standing in standing_at_every_prefix(calm):
        taken: Counter[str] = Counter()
        for claim in standing.values():
            taken[claim.authorization_id] += claim.authorized_units
        del taken[""]  # billed without one, by a named person
        overdrawn = {number: units for number, units in taken.items() if units > authorized[number]}
        assert overdrawn == {}
        used_up = max(used_up, sum(units == authorized[number] for number, units in taken.items()))
    assert used_up >= 1


def test_at_no_prefix_has_a_client_two_per_diems_of_a_payer_on_a_day(calm: Played) -> None:
    per_diems = {"H0015", "S9480"}
    for standing in standing_at_every_prefix(calm):
        days = Counter(
            (claim.client_id, claim.payer_id, str(line.service_date))
            for claim in standing.values()
            for line in claim.lines
            if line.code in per_diems
        )
        assert set(days.values()) == {1}


def test_what_was_published_was_heard_and_sent(calm: Played) -> None:
    assert (calm.unsent, calm.due, calm.behind) == (0, 0, 0)
    assert calm.heard_heads
    for (_, heard), heads in calm.heard_heads.items():
        assert heads == calm.published_heads[heard]


def test_verify_looks_at_everything_and_finds_nothing(calm: Played) -> None:
    assert calm.findings == []
    assert len(calm.verified) == 71
    nothing = {name for name, looked_at in calm.verified.items() if not looked_at}
    assert nothing == {
        "intake: rows are as derived anew",
        "intake: revisions are published",
        "plans: reactions are done",
        "attendance: own facts heard are what was published",
        "attendance: rows are as derived anew",
        "attendance: revisions are published",
        "billing: reactions are done",
    }
