"""Nobody is discharged over an open HIGH safety task unless a named person says why."""

from dataclasses import replace

import pytest
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_words
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import AgainstTheRules
from tests.harness.plans.service import Log, Plans, march
from tests.harness.plans.treatments import COLLEAGUE, Treated

TASK = "77777777-7777-4777-8777-777777777777"
WHY = "she moved to her sister's, who takes her to the clinic there"


def discharging(client: Treated, **changes: str) -> pb.DischargeClientRequest:
    return pb.DischargeClientRequest(
        client_id=client.client_id,
        episode_id=client.episode_id,
        reason=pb.DISCHARGE_REASON_TRANSFERRED,
        discharged_on=march(2),
        **changes,
    )


def opened(client: Treated, risk: str) -> intake.SafetyTaskOpened:
    fact = intake.SafetyTaskOpened(client_id=client.client_id, task_id=TASK)
    fact.risk = intake_words.SafetyRisk.Value(f"SAFETY_RISK_{risk}")
    return fact


@pytest.mark.parametrize("risk", ["HIGH", "UNSPECIFIED"])
def test_a_discharge_over_an_open_high_task_takes_a_reason(
    plans: Plans, log: Log, risk: str
) -> None:
    """What facts of before do not say is not taken for less."""
    client = Treated(log)
    plans.hear([client.admitted(), log.tell(opened(client, risk))])
    with pytest.raises(AgainstTheRules) as refused:
        plans.call("DischargeClient", discharging(client))
    assert refused.value.reason == "SAFETY_TASK_OPEN"
    assert refused.value.details["task_ids"] == TASK
    plans.call("DischargeClient", discharging(client, open_safety_reason=WHY))
    with plans.store.transaction() as tx:
        [fact] = [
            recorded.fact
            for recorded in tx.load(f"episode_course/{client.episode_id}")
            if type(recorded.fact).__name__ == "ClientDischarged"
        ]
    assert (fact.over_safety_tasks, fact.discharged_by) == ((TASK,), plans.actor)
    assert reason_of(plans, client) == WHY


def reason_of(plans: Plans, client: Treated) -> str | None:
    """As it is sealed."""
    with plans.store.transaction() as tx:
        sealed = tx.documents.open(
            f"client/{client.client_id}", f"discharge_over_safety/{client.episode_id}"
        )
    return None if sealed is None else sealed.content.decode()


def test_the_reason_is_that_of_who_discharged_whoever_says_it_again(plans: Plans, log: Log) -> None:
    client, other = Treated(log), Treated(log)
    plans.hear([client.admitted(), log.tell(opened(client, "HIGH")), other.admitted()])
    plans.call("DischargeClient", discharging(client, open_safety_reason=WHY))
    plans.call("DischargeClient", discharging(other))
    plans.actor = COLLEAGUE
    for person in (client, other):
        again = plans.call("DischargeClient", discharging(person, open_safety_reason="a guess"))
        assert not again.receipt.published
    assert (reason_of(plans, client), reason_of(plans, other)) == (WHY, None)


def test_a_closed_task_or_a_lesser_one_takes_none(plans: Plans, log: Log) -> None:
    lesser, closed = Treated(log), Treated(log)
    plans.hear([lesser.admitted(), log.tell(opened(lesser, "MODERATE"))])
    plans.hear([closed.admitted(), log.tell(opened(closed, "HIGH")), closed.task_closed(TASK, 3)])
    for client in (lesser, closed):
        assert plans.call("DischargeClient", discharging(client)).receipt.published


@pytest.mark.parametrize("parked", [True, False])
def test_nobody_is_discharged_while_what_was_told_of_them_was_not_heard(
    plans: Plans, log: Log, *, parked: bool
) -> None:
    """It may be a safety task. What is heard and only not derived yet keeps nobody."""
    client = Treated(log)
    plans.hear([client.admitted()])
    task, after = log.tell(opened(client, "HIGH")), log.tell(opened(client, "MODERATE"))
    plans.hear([replace(task, body=b"\xff") if parked else after])
    for reason in ("", WHY):
        with pytest.raises(AgainstTheRules) as refused:
            plans.call("DischargeClient", discharging(client, open_safety_reason=reason))
        assert refused.value.reason == "NOT_SETTLED"
    other = Treated(log)
    plans.inbox.hear([other.admitted()])
    assert plans.call("DischargeClient", discharging(other)).receipt.published
