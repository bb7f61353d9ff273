"""What others hear of plans' facts: the one place where private facts become public ones."""

from collections.abc import Mapping
from functools import partial

from ninehours.plans.v1 import plans_events_pb2 as public

from kernel.facts import id_of, kind_of
from kernel.mapping.writing import writer
from kernel.publishing import HIPAA, PART2, Decision, Kept, published, publisher
from services.plans.adapters.level_rules import level_rules_message
from services.plans.app.streams import RULES_SUBJECT
from services.plans.domain import decision, ending, level, plan_facts, rules

# The admission, which says whether Part 2 governs, may not be heard yet: the stricter.
_of_client = partial(published, "client", label=PART2)

DECISIONS: Mapping[type, Decision] = {
    plan_facts.PlanDrafted: Kept("a plan is told of once it is in force"),
    plan_facts.PlanSigned: Kept("a plan is told of once it is in force"),
    plan_facts.PlanRefused: Kept("a plan is told of once it is in force"),
    plan_facts.PlanActivated: _of_client(writer(public.PlanActivated, plan_facts.PlanActivated)),
    plan_facts.PlanCertified: _of_client(writer(public.PlanCertified, plan_facts.PlanCertified)),
    plan_facts.PlanReviewed: _of_client(
        writer(
            public.PlanReviewed,
            plan_facts.PlanReviewed,
            objectives=lambda fact: len(fact.ratings),
            objectives_met=lambda fact: sum(
                rating.status == plan_facts.ObjectiveStatus.MET for rating in fact.ratings
            ),
        )
    ),
    plan_facts.PlanSuperseded: Kept("the plan that took its place is told of"),
    level.LevelOfCareChanged: _of_client(
        writer(public.LevelOfCareChanged, level.LevelOfCareChanged)
    ),
    rules.LevelRulesProposed: Kept("proposed rules decide nothing"),
    rules.LevelRulesConfirmed: published(
        kind_of(RULES_SUBJECT),
        writer(
            public.LevelRulesConfirmed,
            rules.LevelRulesConfirmed,
            rules=level_rules_message,
        ),
        label=HIPAA,
        key=lambda _: id_of(RULES_SUBJECT),
    ),
    decision.RecommendationDecided: _of_client(
        writer(public.RecommendationDecided, decision.RecommendationDecided)
    ),
    ending.ProgramCompleted: _of_client(writer(public.ProgramCompleted, ending.ProgramCompleted)),
    ending.ClientDischarged: _of_client(writer(public.ClientDischarged, ending.ClientDischarged)),
    ending.AftercareArranged: _of_client(
        writer(public.AftercareArranged, ending.AftercareArranged)
    ),
    ending.FollowedUp: _of_client(writer(public.FollowedUp, ending.FollowedUp)),
}

publish = publisher(DECISIONS)
