"""A plan on paper that was entered later: the days between wait for what the payer's rules say."""

from collections.abc import Callable

import pytest
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.billing.test_authorizations_put_right import CLIENT, held
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

NewStore = Callable[[Service], Store]


@pytest.mark.parametrize(
    ("rules", "waiting"),
    [
        ({}, {0: "PLAN_ON_PAPER", 2: "PLAN_ON_PAPER"}),
        ({"paper_plan": "FROM_SIGNATURE"}, {}),
        (
            {"paper_plan": "FROM_ENTRY"},
            {0: "NO_PLAN_IN_FORCE", 2: "NO_PLAN_IN_FORCE"},
        ),
    ],
    ids=["left out", "from signature", "from entry"],
)
def test_days_before_the_entry_are_worth_what_the_rules_say(
    new_store: NewStore, rules: dict[str, str], waiting: dict[int, str]
) -> None:
    office, story = Office(new_store(SERVICE)), Story()
    office.set_up(SITE, [], filing_limit_days=3650, plan_due_days=0, **rules)
    *admitted, activated = story.admitted(CLIENT, office.payer_id)
    office.hear([*admitted, activated])
    office.authorize(CLIENT, 30)
    office.hear(story.attended(CLIENT, [day(number) for number in (0, 2, 4)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    plan = plans.PlanActivated.FromString(activated.body)
    plan.in_force_from.CopyFrom(to_date(day(0)))
    plan.entered_on.CopyFrom(to_date(day(3)))
    office.hear([story.log.amended(activated, plan)])
    assert held(office) == {str(day(on)): [reason] for on, reason in waiting.items()}
