"""Plans over its servicer, on PostgreSQL: drafted, sealed, signed, in force."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from ninehours.plans.v1 import plans_events_pb2 as public
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Stale, Unknown
from tests.harness.plans.service import (
    EVENING,
    WORDS,
    Log,
    Plans,
    a_history,
    draft,
    in_force,
    march,
    sign,
)


def test_both_signatures_put_a_plan_in_force_and_only_then_is_it_published(
    plans: Plans, client_id: str, episode_id: str
) -> None:
    drafted = plans.call("DraftPlan", draft(client_id, episode_id))
    plans.now = EVENING
    first = sign(drafted.plan_id, pb.SIGNER_ROLE_CLINICIAN, 5)
    assert not plans.call("SignPlan", first, command := str(uuid4())).active
    assert plans.published(public.PlanActivated) == []
    second = plans.call("SignPlan", sign(drafted.plan_id, pb.SIGNER_ROLE_CLIENT, 3))
    assert second.active
    assert [position.subject for position in second.receipt.published] == [f"client/{client_id}"]
    assert plans.published(public.PlanActivated) == [
        public.PlanActivated(
            client_id=client_id,
            episode_id=episode_id,
            plan_id=drafted.plan_id,
            in_force_from=march(5),
            planned_minutes_per_week=540,
            version=1,
            objectives=1,
        )
    ]
    # The same command answers what it answered; another that changes nothing says how things stand.
    assert not plans.call("SignPlan", first, command).active
    assert plans.call("SignPlan", first).active
    assert len(plans.published(public.PlanActivated)) == 1


def test_a_clinician_signs_as_the_person_of_the_token(plans: Plans, client_id: str) -> None:
    in_force(plans, client_id, str(uuid4()))
    signatures = plans.query("SELECT body FROM fact WHERE type = 'plans.plan_signed.v1'")
    assert {row.body["signed_by"] for row in signatures} == {plans.actor}
    [hashes] = plans.query(
        "SELECT count(DISTINCT body->>'content_hash') AS n FROM fact WHERE body ? 'content_hash'"
    )
    assert hashes.n == 1


def test_refusals_reach_the_edge(plans: Plans, client_id: str, episode_id: str) -> None:
    with pytest.raises(Unknown):
        plans.call("SignPlan", sign(str(uuid4()), pb.SIGNER_ROLE_CLIENT, 3))
    with pytest.raises(Malformed) as refused:
        plans.call("DraftPlan", pb.DraftPlanRequest(client_id=client_id, episode_id=episode_id))
    assert set(refused.value.details) == {"goals", "interventions"}
    request = draft(client_id, episode_id)
    request.goals[0].objectives[0].ClearField("target_date")
    with pytest.raises(Malformed) as refused:
        plans.call("DraftPlan", request)
    assert set(refused.value.details) == {"goals.0.objectives.0.target_date"}


def test_a_stale_version_is_refused_and_a_command_id_keeps_its_content(
    plans: Plans, client_id: str, episode_id: str
) -> None:
    command = str(uuid4())
    request = draft(client_id, episode_id)
    drafted = plans.call("DraftPlan", request, command)
    assert plans.call("DraftPlan", request, command) == drafted
    request.goals[0].in_the_clients_words = "Something else"
    with pytest.raises(AgainstTheRules) as refused:
        plans.call("DraftPlan", request, command)
    assert refused.value.reason == "COMMAND_ID_REUSED"
    stale = sign(drafted.plan_id, pb.SIGNER_ROLE_CLIENT, 2)
    stale.meta.expected_version = 0
    with pytest.raises(Stale):
        plans.call("SignPlan", stale)


def test_what_the_client_said_is_in_no_table_and_opens_for_its_owner(
    plans: Plans, log: Log, client_id: str, episode_id: str
) -> None:
    plan_id = in_force(plans, client_id, episode_id)
    plans.hear(a_history(log, client_id, episode_id))
    tables = [
        row.tablename
        for row in plans.query(
            "SELECT relname AS tablename FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT')"
        )
    ]
    assert {"fact", "published", "document", "heard_fact", "derived", "command"} <= set(tables)
    for table in tables:
        for row in plans.query(f"SELECT t::text AS line FROM {table} t"):
            assert "granddaughter" not in row.line
            assert b"granddaughter".hex() not in row.line
    with plans.store.transaction() as tx:
        document = tx.documents.open(f"client/{client_id}", f"plan/{plan_id}")
    assert document is not None
    assert WORDS in document.content.decode()


def test_both_sign_at_once_and_the_plan_comes_into_force_once(plans: Plans) -> None:
    plans.now = EVENING
    for _ in range(5):
        client_id = str(uuid4())
        drafted = plans.call("DraftPlan", draft(client_id, str(uuid4())))
        together = Barrier(2)

        def signed(role: int, plan_id: str = drafted.plan_id, ready: Barrier = together) -> bool:
            ready.wait(10)
            return bool(plans.call("SignPlan", sign(plan_id, role, 20)).active)

        with ThreadPoolExecutor(2) as both:
            roles = [pb.SIGNER_ROLE_CLIENT, pb.SIGNER_ROLE_CLINICIAN]
            assert sorted(both.map(signed, roles)) == [False, True]
    assert len(plans.published(public.PlanActivated)) == 5
