"""Names of plans' streams, subjects, documents and rows."""

from kernel.facts import derived_id, of_kind
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

PROGRESS = "progress"  # the projection, and a kind of its rows
RECOMMENDATION = "recommendation"  # another kind of its rows: made of the same weeks
RULES_STREAM = "level_rules/network"
# The reference that every admission leads to: confirming rules concerns every client.
RULES_SUBJECT = f"rules/{derived_id('level_rules', 'network')}"


client_subject = of_kind("client")
plan_stream = of_kind("plan")  # of the sealed document too
scans_of = of_kind("plan_scan")  # the document with sheets of a plan that were signed
level_stream = of_kind("level")
# The document with the reason of a discharge over an open safety task.
over_safety_of = of_kind("discharge_over_safety")
ending_stream = of_kind("episode_course")
decision_stream = of_kind("recommendation")  # of the sealed reason too


def row_key(of: WeekOfProgress | Recommendation) -> str:
    """Of its row, within the row's kind: a week keeps its row, whatever is said of it."""
    return f"{of.client_id}|{of.episode_id}|{of.week_start}"


def recommendation_id(of: Recommendation) -> str:
    """The id of its row."""
    return str(derived_id(PROGRESS, RECOMMENDATION, row_key(of)))
