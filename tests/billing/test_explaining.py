"""Why, asked of billing's own record on PostgreSQL: of a day, a draft and a claim; now and then."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb
from ninehours.exchange.v1 import fact_service_pb2 as facts_pb

from kernel.refusal import Malformed, Unknown
from kernel.rpc.translate import to_date
from operations.serving import FactServicer
from services.billing.adapters.as_of import SqlHistoryAsOf
from services.billing.adapters.bindings import KINDS
from services.billing.api.explaining import ExplanationServicer
from tests.harness.billing.facts import SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office

CLIENT = "0c11e700-0000-4000-8000-000000000001"
LONG_AGO = Timestamp(seconds=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()))


def explain_day(office: Office, on: Any = None, **asked: Any) -> pb.ExplainedDay:
    servicer = ExplanationServicer(office.store, SqlHistoryAsOf())
    request = pb.ExplainDayRequest(client_id=CLIENT, service_date=to_date(on or day(0)), **asked)
    return servicer.ExplainDay(request, None).day  # type: ignore[arg-type]


def explain_claim(office: Office, claim_id: str, **asked: Any) -> pb.ExplainedClaim:
    servicer = ExplanationServicer(office.store, SqlHistoryAsOf())
    request = pb.ExplainClaimRequest(claim_id=claim_id, **asked)
    return servicer.ExplainClaim(request, None).claim  # type: ignore[arg-type]


def told_facts(office: Office, request: facts_pb.ExplainFactsRequest) -> Any:
    call = SimpleNamespace(actor=SimpleNamespace(sites=frozenset({"*"})))
    return FactServicer(office.store, KINDS["client"]).ExplainFacts(request, call)  # type: ignore[arg-type]


@pytest.fixture
def worked(office: Office, story: Story) -> Office:
    office.set_up(SITE, [CLIENT])
    office.hear(story.admitted(CLIENT, office.payer_id) + story.attended(CLIENT, [day(0), day(1)]))
    return office


def claims(office: Office) -> list[billing.Claim]:
    return list(office.call("ListClaims", billing.ListClaimsRequest()).claims)


def test_a_day_names_every_fact_that_its_row_rests_on(worked: Office) -> None:
    explained = explain_day(worked)
    assert explained.outcome == 1
    named = {fact.fact_id for verdict in explained.verdicts for fact in verdict.facts}
    [row] = worked.query(
        "SELECT provenance FROM derived WHERE current AND kind = 'service_day'"
        " AND content->>'service_date' = :on",
        on=day(0).isoformat(),
    )
    assert named == set(row.provenance["facts"])
    assert [revision.revision for revision in explained.revisions] == [1]


def test_a_draft_is_explained_by_its_days(worked: Office) -> None:
    [draft] = claims(worked)
    explained = explain_claim(worked, draft.claim_id)
    assert explained.state == billing.CLAIM_STATE_DRAFTED
    assert list(explained.lines) == list(draft.lines)
    assert len(explained.days) == 2
    assert not explained.HasField("issued")


def test_a_day_that_nobody_knew_of_by_then_is_unknown(worked: Office) -> None:
    with pytest.raises(Unknown):
        explain_day(worked, as_of=LONG_AGO)
    with pytest.raises(Unknown):
        explain_day(worked, day(5))


def test_what_is_no_id_is_malformed(worked: Office) -> None:
    with pytest.raises(Malformed):
        explain_claim(worked, "none")


def test_facts_are_told_with_who_signed_them_and_rows_with_what_they_rest_on(
    worked: Office,
) -> None:
    explained = explain_day(worked)
    request = facts_pb.ExplainFactsRequest(ids=[explained.rules.fact_id, explained.row_id])
    answer = told_facts(worked, request)
    confirmed, row = answer.facts
    assert confirmed.type.endswith("RuleSetConfirmed")
    assert confirmed.actor == "staff/bob"
    assert confirmed.command_id
    assert row.actor == ""
    assert row.derived.kind == "service_day"
    assert row.derived.current
    assert explained.rules.fact_id in row.derived.facts
    later = confirmed.signed_at.ToDatetime(UTC) + timedelta(0)
    assert row.signed_at.ToDatetime(UTC) >= later
    request.as_of.CopyFrom(LONG_AGO)
    assert not told_facts(worked, request).facts
