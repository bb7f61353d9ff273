"""A discharge that is said otherwise, or withdrawn: days, drafts and what had left follow."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.billing.test_authorizations_put_right import CLIENT, days_of
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered
from tests.harness.billing.statements import resting_on_amendments

NewStore = Callable[[Service], Store]


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def office(new_store: NewStore, story: Story) -> Office:
    """A client who came on three days, and is discharged on none of them yet."""
    office = Office(new_store(SERVICE))
    office.set_up(SITE, [], filing_limit_days=3650)
    office.hear(story.admitted(CLIENT, office.payer_id))
    office.authorize(CLIENT, 30)
    office.hear(story.attended(CLIENT, [day(number) for number in (0, 2, 4)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    return office


def discharge(story: Story, on: int) -> plans.ClientDischarged:
    return plans.ClientDischarged(
        client_id=CLIENT,
        episode_id=story.episodes[CLIENT],
        discharged_on=to_date(day(on)),
        reason=3,  # type: ignore[arg-type]
    )


def reasons(office: Office) -> dict[str, list[str]]:
    return {on: found for on, (_, found) in days_of(office).items() if found}


def test_days_after_a_discharge_that_never_was_are_billed_again_and_say_why(
    office: Office, story: Story
) -> None:
    before: Any = office.current()
    [told] = story.discharged(CLIENT, day(1), "TERMINATED_BY_FACILITY")
    office.hear([told])
    after = {str(day(2)): ["DISCHARGED"], str(day(4)): ["DISCHARGED"]}
    assert reasons(office) == after
    office.hear([story.log.amended(told, discharge(story, 3))])
    assert reasons(office) == {str(day(4)): ["DISCHARGED"]}
    assert ("service_day", f"{CLIENT}|{day(2)}") in resting_on_amendments(office)
    office.hear([story.log.amended(told, None, revision=3)])
    assert reasons(office) == {}
    assert office.current() == before
    assert ("service_day", f"{CLIENT}|{day(4)}") in resting_on_amendments(office)


def test_what_had_left_is_proposed_by_a_discharge_and_no_more_once_it_is_withdrawn(
    office: Office, story: Story
) -> None:
    assert office.issue(day(6)).claims == 1
    office.pending_work.drain()
    [told] = story.discharged(CLIENT, day(1), "TERMINATED_BY_FACILITY")
    office.hear([told])
    [proposal] = office.of_kind("proposal")
    assert proposal["changed_dates"] == [str(day(2)), str(day(4))]
    office.hear([story.log.amended(told, None)])
    assert office.of_kind("proposal") == []
