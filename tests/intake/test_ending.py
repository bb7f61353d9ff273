"""What ends: a coverage's verified days, by a payer's later word."""

from dataclasses import replace

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.rpc.translate import to_date
from services.intake.domain.client import CLIENT
from tests.intake.desk import Desk
from tests.intake.made import day
from tests.intake.test_client import COVERAGE, VERIFIED, after, apply

OPEN = replace(VERIFIED, verified_to=None)


@pytest.mark.xfail(strict=True, reason="9.16: a verification never replaces another")
def test_a_verification_from_the_same_first_day_replaces_the_earlier_one() -> None:
    coverages = after(COVERAGE, OPEN, replace(VERIFIED, verified_to=day(3))).coverages
    assert [(each.verified_from, each.verified_to) for each in coverages.holding] == [
        (day(0), day(3))
    ]


@pytest.mark.xfail(strict=True, reason="9.16: a verification never replaces another")
def test_said_again_after_another_word_it_is_a_word_of_its_own() -> None:
    client = after(COVERAGE, OPEN, replace(VERIFIED, verified_to=day(3)))
    assert len(tuple(CLIENT.decide(OPEN, client))) == 1
    assert tuple(CLIENT.decide(OPEN, apply(client, OPEN))) == ()


@pytest.mark.xfail(strict=True, reason="9.16: a coverage can't be ended")
def test_a_coverage_is_ended_and_what_it_disclosed_before_stays_disclosed(desk: Desk) -> None:
    client_id = desk.registered()
    coverage_id = desk.covered(client_id)
    end = pb.EndCoverageRequest(
        client_id=client_id,
        coverage_id=coverage_id,
        last_day=to_date(day(3)),
        reason=pb.COVERAGE_END_REASON_TERMINATED,
    )
    assert len(desk.call(end).receipt.published) == 1
    assert list(desk.call(end).receipt.published) == []
    assert desk.published()[-1][0] == "CoverageEnded"
