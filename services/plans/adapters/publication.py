"""What others hear of plans' facts: the one place where private facts become public ones."""

from collections.abc import Iterable

from google.protobuf.message import Message
from ninehours.plans.v1 import plans_events_pb2 as public

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date
from services.plans.adapters.level_rules import message_of
from services.plans.app.streams import RULES_SUBJECT, client_subject
from services.plans.domain import course_facts, decision, level, plan_facts, rules


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public fact of one private fact, with its subject and label; many have none."""
    fact = recorded.fact
    if isinstance(fact, rules.LevelRulesConfirmed):
        confirmed = public.LevelRulesConfirmed(
            rules=message_of(fact.rules), confirmed_by=fact.confirmed_by
        )
        yield publication_of(recorded, RULES_SUBJECT, confirmed, label="HIPAA")
        return
    message = _of_plan(fact) or _of_level(fact) or _of_course(fact)
    if message is not None:
        # The admission, which says whether Part 2 governs, may not be heard yet: the stricter.
        yield publication_of(recorded, client_subject(fact.client_id), message, label="PART2")


def _of_plan(fact: object) -> Message | None:
    match fact:
        case plan_facts.PlanActivated():
            return public.PlanActivated(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                plan_id=fact.plan_id,
                in_force_from=to_date(fact.in_force_from),
                planned_minutes_per_week=fact.planned_minutes_per_week,
                version=fact.version,
                objectives=fact.objectives,
            )
        case plan_facts.PlanCertified():
            return public.PlanCertified(
                client_id=fact.client_id,
                plan_id=fact.plan_id,
                certified_on=to_date(fact.certified_on),
                recertify_by=to_date(fact.recertify_by),
            )
        case plan_facts.PlanReviewed():
            return public.PlanReviewed(
                client_id=fact.client_id,
                plan_id=fact.plan_id,
                reviewed_on=to_date(fact.reviewed_on),
                next_review_by=to_date(fact.next_review_by),
                objectives=len(fact.ratings),
                objectives_met=sum(each.status == plan_facts.MET for each in fact.ratings),
            )
        case _:
            return None


def _of_level(fact: object) -> Message | None:
    match fact:
        case level.LevelOfCareChanged():
            return public.LevelOfCareChanged(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                level_of_care=fact.level_of_care,
                effective_from=to_date(fact.effective_from),
            )
        case decision.RecommendationDecided():
            return public.RecommendationDecided(
                client_id=fact.client_id,
                recommendation_id=fact.recommendation_id,
                accepted=fact.accepted,
                decided_by=fact.decided_by,
            )
        case _:
            return None


def _of_course(fact: object) -> Message | None:
    match fact:
        case course_facts.ProgramCompleted():
            return public.ProgramCompleted(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                completed_on=to_date(fact.completed_on),
            )
        case course_facts.ClientDischarged():
            return public.ClientDischarged(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                reason=f"DISCHARGE_REASON_{fact.reason}",
                discharged_on=to_date(fact.discharged_on),
            )
        case course_facts.AftercareArranged():
            return public.AftercareArranged(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                aftercare_id=fact.aftercare_id,
                kind=f"AFTERCARE_KIND_{fact.kind}",
                starts_on=to_date(fact.starts_on),
            )
        case course_facts.FollowedUp():
            return public.FollowedUp(
                client_id=fact.client_id,
                episode_id=fact.episode_id,
                contacted_on=to_date(fact.contacted_on),
                reached=fact.reached,
            )
        case _:
            return None
