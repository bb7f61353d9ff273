"""What others hear of plans' facts: the one place where private facts become public ones."""

from collections.abc import Iterable

from ninehours.plans.v1 import plans_events_pb2 as public

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date
from services.plans.domain.plan import PlanActivated


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public facts of one private fact, each with its subject and label."""
    match recorded.fact:
        case PlanActivated() as fact:
            message = public.PlanActivated(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                plan_id=fact.plan_id,
                in_force_from=to_date(fact.in_force_from),
                planned_minutes_per_week=fact.planned_minutes_per_week,
            )
            # The admission, which says whether Part 2 governs, may not be heard yet: the stricter.
            yield publication_of(recorded, f"client/{fact.client_id}", message, label="PART2")
