"""What billing once stored can be read by today's code: one file a stored name, never edited."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from kernel.facts import Recorded
from services.billing.adapters.publication import publish
from services.billing.adapters.stored import FACTS
from tests.harness.golden import assert_one_file_a_name, read_golden

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = {
    "billing.provider_registered.v1": [("provider", "ProviderRegistered", "HIPAA")],
    "billing.fee_set.v1": [("provider", "FeeSet", "HIPAA")],
    "billing.provider_enrolled.v1": [("site", "ProviderEnrolled", "HIPAA")],
    "billing.payer_registered.v1": [("payer", "PayerRegistered", "HIPAA")],
    "billing.rule_set_proposed.v1": [],
    "billing.rule_set_confirmed.v1": [("payer", "RuleSetConfirmed", "HIPAA")],
    "billing.authorization_recorded.v1": [("client", "AuthorizationRecorded", "PART2")],
    "billing.claim_issued.v1": [
        ("client", "ClaimIssued", "PART2"),
        ("client", "Disclosed", "PART2"),
    ],
    "billing.batch_issued.v1": [],
    "billing.practitioner_registered.v1": [],
    "billing.practitioner_numbered.v1": [("practitioner", "PractitionerNumbered", "HIPAA")],
    "billing.claim_adjudicated.v1": [("client", "ClaimAdjudicated", "PART2")],
    "billing.claim_replaced.v1": [("client", "ClaimReplaced", "PART2")],
    "billing.claim_voided.v1": [("client", "ClaimVoided", "PART2")],
    "billing.authorization_waived.v1": [("client", "AuthorizationWaived", "PART2")],
    "billing.revocation_settled.v1": [("client", "RevocationSettled", "PART2")],
    "billing.claims_recorded_again.v1": [],
    "billing.reconciled.v1": [],
    "billing.statement_amended.v1": [("client", "StatementAmended", "PART2")],
}


def test_there_is_one_golden_fact_for_each_stored_name_and_no_other() -> None:
    assert_one_file_a_name(FACTS, GOLDEN, names=19)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_read_and_written_back_whole(name: str) -> None:
    read_golden(FACTS, GOLDEN, name)


@pytest.mark.parametrize("name", sorted(FACTS.names))
def test_a_golden_fact_is_published_to_whom_it_concerns_under_its_label(name: str) -> None:
    fact = read_golden(FACTS, GOLDEN, name)
    recorded = Recorded(
        id=UUID(int=1),
        stream="stream",
        version=1,
        fact=fact,
        at=datetime(2026, 3, 9, tzinfo=UTC),
        actor="staff/ada",
    )
    published = list(publish(recorded))
    assert PUBLISHED[name] == [
        (
            publication.subject.partition("/")[0],
            publication.type.rpartition(".")[2],
            publication.label,
        )
        for publication in published
    ]
    assert len({publication.id for publication in published}) == len(published)
