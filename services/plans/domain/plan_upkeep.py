"""What keeps a plan in force alive: certification by a physician, and review of its objectives."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from kernel.decider import filled
from kernel.refusal import Malformed
from services.plans.domain.civil import first_day, last_day
from services.plans.domain.plan_facts import CertifyPlan, PlanCertified, PlanReviewed, ReviewPlan
from services.plans.domain.reference_values import RECERTIFICATION_DAYS


def certified(command: CertifyPlan, client_id: str, drafted_at: datetime) -> PlanCertified:
    """Refuses a day in the future or before the draft, and a term that ends too late or at once."""
    if command.certified_on > last_day(command.now):
        raise Malformed(certified_on="is in the future")
    if command.certified_on < first_day(drafted_at):
        raise Malformed(certified_on="is before the plan was drafted")
    most = RECERTIFICATION_DAYS.value
    if not timedelta(0) < command.recertify_by - command.certified_on <= timedelta(days=most):
        raise Malformed(recertify_by=f"is not within {most} days after the certification")
    return filled(PlanCertified, command, client_id=client_id, certified_by=command.actor)


def reviewed(
    command: ReviewPlan, client_id: str, objectives: Sequence[int], in_force_from: date
) -> PlanReviewed:
    """Refuses a review that leaves an objective out, rates one twice, or one the plan hasn't."""
    if command.reviewed_on > last_day(command.now):
        raise Malformed(reviewed_on="is in the future")
    if command.reviewed_on < in_force_from:
        raise Malformed(reviewed_on="is before the plan came into force")
    if command.next_review_by <= command.reviewed_on:
        raise Malformed(next_review_by="is not after the review")
    asked = Counter((g, o) for g, n in enumerate(objectives, 1) for o in range(1, n + 1))
    if Counter((rating.goal, rating.objective) for rating in command.ratings) != asked:
        raise Malformed(ratings="must rate every objective of the plan, each once")
    ratings = sorted(command.ratings, key=lambda rating: (rating.goal, rating.objective))
    return filled(
        PlanReviewed,
        command,
        client_id=client_id,
        ratings=tuple(ratings),
        reviewed_by=command.actor,
    )
