"""A clinician's decision on a recommendation: accepted, or overridden with a reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Malformed, Unknown
from services.plans.domain.recommendation import STEPS, RecommendationKind


class DecisionOutcome(StrEnum):
    """What became of a recommendation."""

    ACCEPTED = "ACCEPTED"
    OVERRIDDEN = "OVERRIDDEN"


class AlreadyDecided(BrokenRule):
    """What was decided on a recommendation stays, while the recommendation does."""

    code, about = "ALREADY_DECIDED", "recommendation_id"
    words = "it was decided otherwise before"


class ReasonRequired(BrokenRule):
    """Who overrides says why."""

    code, about = "REASON_REQUIRED", "recommendation_id"
    words = "to override takes a reason"


class RecommendationWithdrawn(BrokenRule):
    """The week no longer says anything."""

    code, about = "RECOMMENDATION_WITHDRAWN", "recommendation_id"
    words = "what it rested on was corrected; read the recommendations again"


class NotSettled(BrokenRule):
    """Nobody decides on what is about to change."""

    code, about = "NOT_SETTLED", "client_id"
    words = "something of the client is parked, behind or due; read it again in a moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedRevision:
    """The recommendation as it stands: which of its contents is decided on."""

    kind: RecommendationKind
    revision: int
    rules_version: int
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideRecommendation:
    """`recommended` and `settled` are filled in under the client's lock; `reasoned`: a reason is
    sealed with it; `stepping`: a level that follows is given."""

    client_id: str
    recommendation_id: str
    accept: bool
    reasoned: bool
    stepping: bool
    decided_by: str
    recommended: RecommendedRevision | None
    settled: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationDecided:
    """On this revision of the recommendation, of this kind. The reason is sealed.

    `reason_version`: of its document; 0: there is none; None: it was decided before that was kept.
    """

    client_id: str
    recommendation_id: str
    kind: RecommendationKind
    revision: int
    rules_version: int
    accepted: bool
    decided_by: str
    decided_at: datetime
    reason_version: int | None = None

    @property
    def outcome(self) -> DecisionOutcome:
        return DecisionOutcome.ACCEPTED if self.accepted else DecisionOutcome.OVERRIDDEN


@dataclass(frozen=True, slots=True)
class Decision:
    """The last decision; one on another kind than the present is none on the present."""

    last: RecommendationDecided | None = None

    def on(self, kind: RecommendationKind) -> RecommendationDecided | None:
        return self.last if self.last is not None and self.last.kind == kind else None


def decide(command: DecideRecommendation, decision: Decision) -> Iterator[RecommendationDecided]:
    """Refuses an unknown or withdrawn recommendation, one that was decided otherwise, and one that
    isn't settled; an override without a reason, and a level where no step is accepted.

    A correction may turn a decided recommendation into one of another kind: that one is open again.
    """
    recommended = command.recommended
    if recommended is None:
        raise Unknown("recommendation", command.recommendation_id)
    if not command.accept and not command.reasoned:
        raise ReasonRequired(command.recommendation_id)
    if command.stepping and not (command.accept and recommended.kind in STEPS):
        raise Malformed(level_of_care="follows only where a step is accepted")
    last = decision.on(recommended.kind)
    if last is not None and last.accepted == command.accept:
        return
    if last is not None:
        raise AlreadyDecided(command.recommendation_id)
    if recommended.withdrawn:
        raise RecommendationWithdrawn(command.recommendation_id)
    if not command.settled:
        raise NotSettled(command.client_id)
    yield filled(
        RecommendationDecided,
        command,
        recommended,
        accepted=command.accept,
        decided_at=command.now,
        reason_version=0,
    )


def evolve(_: Decision, fact: RecommendationDecided) -> Decision:
    return Decision(fact)


DECISION = Decider(decide, evolve, Decision())
