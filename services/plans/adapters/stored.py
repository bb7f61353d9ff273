"""The stored names of plans' private facts and rows. None is reused, no field renamed."""

from kernel.codec import Codec
from kernel.statements import StatementAmended
from services.plans.app.streams import PROGRESS, RECOMMENDATION
from services.plans.domain import decision, ending, level, plan_facts, rules
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

FACTS = Codec(
    {
        "plans.plan_drafted.v1": plan_facts.PlanDrafted,
        "plans.plan_signed.v1": plan_facts.PlanSigned,
        "plans.plan_refused.v1": plan_facts.PlanRefused,
        "plans.plan_activated.v1": plan_facts.PlanActivated,
        "plans.plan_certified.v1": plan_facts.PlanCertified,
        "plans.plan_reviewed.v1": plan_facts.PlanReviewed,
        "plans.plan_superseded.v1": plan_facts.PlanSuperseded,
        "plans.level_of_care_changed.v1": level.LevelOfCareChanged,
        "plans.level_rules_proposed.v1": rules.LevelRulesProposed,
        "plans.level_rules_confirmed.v1": rules.LevelRulesConfirmed,
        "plans.recommendation_decided.v1": decision.RecommendationDecided,
        "plans.program_completed.v1": ending.ProgramCompleted,
        "plans.client_discharged.v1": ending.ClientDischarged,
        "plans.aftercare_arranged.v1": ending.AftercareArranged,
        "plans.followed_up.v1": ending.FollowedUp,
        "plans.statement_amended.v1": StatementAmended,
    }
)

ROWS = Codec({PROGRESS: WeekOfProgress, RECOMMENDATION: Recommendation})
