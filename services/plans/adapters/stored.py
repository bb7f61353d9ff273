"""The stored names of plans' private facts. A name is never reused, a field never renamed."""

from kernel.codec import Codec
from services.plans.domain import plan

FACTS = Codec(
    {
        "plans.plan_drafted.v1": plan.PlanDrafted,
        "plans.plan_signed.v1": plan.PlanSigned,
        "plans.plan_activated.v1": plan.PlanActivated,
    }
)
