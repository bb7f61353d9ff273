"""What plans puts right, in any order and number, ends in billing where the tidy telling would."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.messaging.envelope import Record
from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.billing.test_authorizations_put_right import CLIENT
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import resting_on_amendments

NewStore = Callable[[Service], Store]
SEEDS = range(6)


def plan(story: Story, on: int) -> plans.PlanActivated:
    return plans.PlanActivated(
        client_id=CLIENT,
        episode_id=story.episodes[CLIENT],
        plan_id=CLIENT,
        in_force_from=to_date(day(on)),
    )


def level(story: Story, on: int) -> plans.LevelOfCareChanged:
    return plans.LevelOfCareChanged(
        client_id=CLIENT,
        episode_id=story.episodes[CLIENT],
        level_of_care="2.5",
        effective_from=to_date(day(on)),
    )


def discharge(story: Story, on: int) -> plans.ClientDischarged:
    return plans.ClientDischarged(
        client_id=CLIENT,
        episode_id=story.episodes[CLIENT],
        discharged_on=to_date(day(on)),
        reason=3,  # type: ignore[arg-type]
    )


KINDS: tuple[Callable[[Story, int], Any], ...] = (plan, level, discharge)


def treated(new_store: NewStore, story: Story) -> Office:
    """A client who came on five days; a plan was due at once."""
    office = Office(new_store(SERVICE))
    office.set_up(SITE, [], filing_limit_days=3650, plan_due_days=0)
    *admitted, _ = story.admitted(CLIENT, office.payer_id)
    office.hear(admitted)
    office.authorize(CLIENT, 30)
    office.hear(story.attended(CLIENT, [day(number) for number in range(5)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    return office


def days(office: Office) -> list[tuple[str, str, list[str]]]:
    return [
        (
            content["service_date"],
            content["outcome"],
            [verdict["reason"] for verdict in content["verdicts"] if not verdict["open"]],
        )
        for content in office.of_kind("service_day")
    ]


@pytest.mark.parametrize("issued", [False, True], ids=["before issue", "after issue"])
@pytest.mark.parametrize("seed", SEEDS)
def test_corrections_in_any_order_end_where_the_tidy_telling_would(
    new_store: NewStore, seed: int, *, issued: bool
) -> None:
    random = Random(seed)
    right = [random.choice([None, *range(6)]) for _ in KINDS]
    tidy_story, story = Story(), Story()
    tidy, put = (treated(new_store, each) for each in (tidy_story, story))
    tidy.hear(
        [
            tidy_story.log.tell(said(tidy_story, on), label="PART2")
            for said, on in zip(KINDS, right, strict=True)
            if on is not None
        ]
    )
    firsts = [story.log.tell(said(story, 0), label="PART2") for said in KINDS]
    put.hear(firsts)
    if issued:
        put.issue(day(6))
        put.pending_work.drain()
    revisions = [1] * len(KINDS)

    def amended(which: int, on: int | None) -> Record:
        revisions[which] += 1
        content = None if on is None else KINDS[which](story, on)
        return story.log.amended(firsts[which], content, revision=revisions[which])

    for _ in range(random.randrange(8)):
        put.hear([amended(random.randrange(3), random.choice([None, *range(6)]))])
    last = [0, 1, 2]
    random.shuffle(last)
    for which in last:
        put.hear([amended(which, right[which])])
    assert days(put) == days(tidy)
    if not issued and days(tidy) != days(treated_as_said(new_store)):
        assert resting_on_amendments(put)


def treated_as_said(new_store: NewStore) -> Office:
    """As it was said first."""
    story = Story()
    office = treated(new_store, story)
    office.hear([story.log.tell(said(story, 0), label="PART2") for said in KINDS])
    return office
