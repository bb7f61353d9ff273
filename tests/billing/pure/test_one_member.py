"""Coverages of merged clients are one where they are one member's: as each was recognised last."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import HeardFact
from kernel.rpc.translate import to_date
from services.billing.adapters.history import history_of
from tests.harness.billing.history import MONDAY

CLIENT, OTHER = "6f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10", "6f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a11"
OWN, ABSORBED = "own coverage", "absorbed coverage"


def recognised(coverage_id: str, key: str) -> Any:
    client_id = CLIENT if coverage_id == OWN else OTHER
    return intake.MemberRecognised(client_id=client_id, coverage_id=coverage_id, key=key)


def coverages(told: Sequence[Any]) -> list[str]:
    """The coverages of the survivor, of whom both were verified and this was told of both."""
    verified = [
        intake.CoverageVerified(
            client_id=CLIENT, coverage_id=coverage_id, payer_id="p", verified_from=to_date(MONDAY)
        )
        for coverage_id in (OWN, ABSORBED)
    ]
    subject = f"client/{CLIENT}"
    facts = [
        HeardFact(
            id=uuid5(UUID(int=0), str(number)),
            topic="t",
            subject=subject,
            sequence=number,
            type=message.DESCRIPTOR.full_name,
            message=message,
            label="PART2",
            signed_at=datetime(2026, 3, 2, 15, number, tzinfo=UTC),
        )
        for number, message in enumerate((*verified, *told))
    ]
    return [coverage.coverage_id for coverage in history_of(subject, {subject: facts}).coverages]


@pytest.mark.parametrize(
    "keys",
    [("mistyped", "same"), ("same", "mistyped", "same")],
    ids=["put right", "put right twice"],
)
def test_of_a_number_that_was_put_right_the_last_one_counts(keys: Sequence[str]) -> None:
    told = [recognised(OWN, "same"), *(recognised(ABSORBED, key) for key in keys)]
    assert coverages(told) == [OWN, OWN]


def test_they_are_two_where_the_number_was_found_to_be_anothers() -> None:
    told = [recognised(OWN, "same"), recognised(ABSORBED, "same"), recognised(ABSORBED, "other")]
    assert coverages(told) == [OWN, ABSORBED]
