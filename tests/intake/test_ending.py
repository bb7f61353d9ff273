"""What ends: a coverage's verified days, by a payer's later word."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Unknown
from kernel.rpc.translate import to_date
from services.intake.domain.client import CLIENT, Client
from services.intake.domain.coverage import EndCoverage
from tests.harness.intake.service import Desk, coverage, diagnose
from tests.harness.intake.strategies import CLIENT_ID, day
from tests.intake.domain.test_client import COVERAGE, VERIFIED, after, apply
from tests.intake.test_clients import read

OPEN = replace(VERIFIED, verified_to=None)
ENDED = EndCoverage(
    client_id=CLIENT_ID, coverage_id="coverage", last_day=day(3), reason="TERMINATED"
)


def test_a_verification_from_the_same_first_day_replaces_the_earlier_one() -> None:
    coverages = after(COVERAGE, OPEN, replace(VERIFIED, verified_to=day(3))).coverages
    assert [
        (holding_coverage.verified_from, holding_coverage.verified_to)
        for holding_coverage in coverages.holding
    ] == [(day(0), day(3))]


def test_said_again_after_another_word_it_is_a_word_of_its_own() -> None:
    client = after(COVERAGE, OPEN, replace(VERIFIED, verified_to=day(3)))
    assert len(tuple(CLIENT.decide(OPEN, client))) == 1
    assert tuple(CLIENT.decide(OPEN, apply(client, OPEN))) == ()


def test_a_coverage_is_ended_and_what_it_disclosed_before_stays_disclosed(desk: Desk) -> None:
    client_id = desk.registered()
    coverage_id = desk.covered(client_id)
    assert len(desk.call(_ended(client_id, coverage_id, 3)).receipt.published) == 1
    assert desk.published()[-1][0] == "CoverageEnded"
    assert list(desk.call(_ended(client_id, coverage_id, 3)).receipt.published) == []
    assert len(desk.call(_ended(client_id, coverage_id, 5)).receipt.published) == 1


def test_what_nobody_verified_has_no_end(desk: Desk) -> None:
    client_id = desk.registered()
    with pytest.raises(Unknown):
        desk.call(_ended(client_id, str(uuid4()), 3))
    added = desk.call(coverage(client_id)).coverage_id
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(_ended(client_id, added, 3))
    assert refused.value.reason == "NOT_VERIFIED"


def test_an_end_is_about_what_was_verified_before_it_and_the_last_one_counts() -> None:
    early, late = replace(ENDED, last_day=day(3)), replace(ENDED, last_day=day(5))
    ended = after(COVERAGE, OPEN, early)
    assert _days(ended) == [(day(0), day(3))]
    assert _days(apply(ended, late)) == [(day(0), day(5))]
    assert _days(apply(ended, OPEN)) == [(day(0), None)]
    # A claim of days that are gone by, a void among them, still names the client.
    assert ended.coverages.to_disclose("payer", day(9)) == "coverage"
    never = after(COVERAGE, OPEN, replace(ENDED, last_day=day(-1), reason="ENTERED_IN_ERROR"))
    assert never.coverages.to_disclose("payer", day(9)) == "coverage"


def _days(client: Client) -> list[tuple[date, date | None]]:
    return [
        (holding_coverage.verified_from, holding_coverage.verified_to)
        for holding_coverage in client.coverages.holding
    ]


def _ended(client_id: str, coverage_id: str, last: int) -> pb.EndCoverageRequest:
    return pb.EndCoverageRequest(
        client_id=client_id,
        coverage_id=coverage_id,
        last_day=to_date(day(last)),
        reason=pb.COVERAGE_END_REASON_TERMINATED,
    )


def test_a_diagnosis_is_ended_and_may_be_recorded_again(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(diagnose(client_id))
    assert len(desk.call(_resolved(client_id, "F10.20", 3)).receipt.published) == 1
    assert desk.published()[-1][0] == "DiagnosisEnded"
    assert list(desk.call(_resolved(client_id, "F10.20", 3)).receipt.published) == []
    assert len(desk.call(_resolved(client_id, "F10.20", 5)).receipt.published) == 1
    [told] = read(desk, client_id).diagnoses
    assert (told.code, told.last_day) == ("F10.20", to_date(day(5)))
    assert len(desk.call(diagnose(client_id)).receipt.published) == 1
    [told] = read(desk, client_id).diagnoses
    assert not told.HasField("last_day")


def test_what_nobody_diagnosed_has_no_end(desk: Desk) -> None:
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(_resolved(desk.registered(), "F10.20", 3))
    assert refused.value.reason == "NOT_DIAGNOSED"


def _resolved(client_id: str, code: str, last: int) -> Any:
    return pb.EndDiagnosisRequest(
        client_id=client_id,
        code=code,
        last_day=to_date(day(last)),
        reason=pb.DIAGNOSIS_END_REASON_RULED_OUT,
    )
