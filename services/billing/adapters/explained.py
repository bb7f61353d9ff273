"""Explanations as messages, part by part."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb
from ninehours.common.v1 import policy_pb2
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.facts import Recorded, public_id
from kernel.mapping.reading import named
from kernel.mapping.writing import Writer, writer
from services.billing.adapters import publication
from services.billing.app.explaining import ExplainedRevision, RevisedDay, WhyClaim
from services.billing.domain.authorizations.allocation import Balance
from services.billing.domain.claims.claim import ClaimAdjudicated, ClaimReplaced, ClaimVoided
from services.billing.domain.claims.disclosure import basis_of
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.parties import PartyAmended
from services.billing.domain.claims.proposals import Proposal
from services.billing.domain.days.release import Release
from services.billing.domain.history.history import IssuedClaim
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.why import explain
from services.billing.domain.why.standing import Obstacle, Standing
from services.billing.domain.x12.t837.claim import ClaimFrequency

SERVICES = {
    service.full_name: service
    for module in (attendance, billing, intake, plans)
    for service in module.DESCRIPTOR.services_by_name.values()
}


def day_message(revised: RevisedDay) -> pb.ExplainedDay:
    """A day, explained."""
    explained = revised.explained
    day, rules = explained.day, explained.day.rules
    return _day(
        revised,
        rules=_rules(rules, fact_id=explained.rules_fact) if rules else None,
        authorization=_authorization(explained.authorization, day.authorized_units),
        claims=[
            _carrying(claim, stands=claim.claim_id in explained.in_force)
            for claim in explained.claims
        ],
    )


def claim_message(why: WhyClaim) -> pb.ExplainedClaim:
    """A claim, explained."""
    claim = why.claim
    write: Writer[Any, pb.ExplainedClaim] = _draft if isinstance(claim, Draft) else _claim
    followed_by_claim_id, followed_fact_id = _followed(why.followed) if why.followed else ("", "")
    return write(
        claim,
        claim_id=why.claim_id,
        state="ISSUED" if why.issued else "DRAFTED",
        client_id=why.client_id,
        days=map(day_message, why.days),
        changed_days=map(day_message, why.changed),
        authorization=_authorization(why.authorization, claim.authorized_units),
        issued=_issued(why.issued, why) if why.issued else None,
        followed_by_claim_id=followed_by_claim_id,
        followed_fact_id=followed_fact_id,
        answer=_answered(why.answered) if why.answered else None,
        proposal=why.proposal and _proposal(why.proposal, row_id=why.proposal_row_id),
    )


def roles_of(rpc: str) -> Sequence[str]:
    """Those that a command's policy names; of none, none."""
    if not rpc:
        return ()
    service, _, name = rpc.partition("/")
    options = SERVICES[service].methods_by_name[name].GetOptions()
    roles: Sequence[str] = options.Extensions[policy_pb2.policy].roles
    return roles


# Who may is read from the command's own policy: what is said here is what is enforced.
_release = writer(
    pb.Release,
    Release,
    roles=lambda release: roles_of(release.rpc),
    person=lambda release: f"staff/{release.staff_id}" if release.staff_id else "",
)
_verdict = writer(
    pb.ExplainedVerdict,
    explain.ExplainedVerdict,
    facts=lambda verdict: [
        pb.Evidence(fact_id=fact, says=says) for fact, says in verdict.facts.items()
    ],
    releases=_release,
)
standing_message = writer(
    pb.Standing,
    Standing,
    obstacles=writer(
        pb.Obstacle, Obstacle, says=lambda obstacle: obstacle.reason.says, releases=_release
    ),
)
_carrying = writer(pb.CarryingClaim, IssuedClaim, fact_id=named("fact"), given=("stands",))
_rules = writer(pb.RuleReference, RuleSet, given=("fact_id",))
_balance = writer(
    pb.ExplainedAuthorization,
    Balance,
    through=("authorization",),
    fact_id=named("authorization.fact"),
    given=("taken",),
)
_issued_by = writer(
    pb.IssuedBy,
    ClaimIssued,
    given=("fact_id", "issued_at", "actor", "control_number", "disclosed_fact_id"),
    basis=basis_of,
)
_answer = writer(pb.PayersAnswer, ClaimAdjudicated, given=("fact_id",))
_proposal = writer(
    pb.ExplainedProposal,
    Proposal,
    given=("row_id",),
    waits_for=publication.awaited_gate,
    amended=writer(pb.AmendedPart, PartyAmended, fact_id=named("fact")),
)
_revision = writer(
    pb.DayRevision,
    ExplainedRevision,
    through=("revision",),
    revision=named("revision.revision"),
    outcome=named("row.outcome"),
)
_day = writer(
    pb.ExplainedDay,
    RevisedDay,
    given=("rules", "authorization", "claims"),
    through=("explained", "explained.day"),
    clinical_level=named("explained.day.level_of_care"),
    billed_level=named("explained.day.billed_level"),
    verdicts=_verdict,
    lines=publication.line_message,
    revisions=_revision,
)
_OF_WHY = (
    *("claim_id", "state", "client_id", "days", "changed_days", "authorization"),
    *("issued", "followed_by_claim_id", "followed_fact_id", "answer", "proposal"),
)
_claim = writer(pb.ExplainedClaim, ClaimIssued, given=_OF_WHY, lines=publication.line_message)
_draft = writer(
    pb.ExplainedClaim,
    Draft,
    given=_OF_WHY,
    through=("cut",),
    lines=publication.line_message,
    frequency=ClaimFrequency.ORIGINAL,
    corrects_claim_id="",
)


def _authorization(balance: Balance | None, taken: int) -> pb.ExplainedAuthorization | None:
    return None if balance is None else _balance(balance, taken=taken)


def _issued(recorded: Recorded, why: WhyClaim) -> pb.IssuedBy:
    claim: ClaimIssued = recorded.fact
    return _issued_by(
        claim,
        fact_id=_public_id(recorded, events.ClaimIssued),
        issued_at=recorded.at,
        actor=recorded.actor,
        control_number=why.batch.control_number if why.batch else 0,
        disclosed_fact_id=_public_id(recorded, events.Disclosed),
    )


def _answered(recorded: Recorded) -> pb.PayersAnswer:
    return _answer(recorded.fact, fact_id=_public_id(recorded, events.ClaimAdjudicated))


def _followed(recorded: Recorded) -> tuple[str, str]:
    fact: ClaimReplaced | ClaimVoided = recorded.fact
    if isinstance(fact, ClaimReplaced):
        return fact.replaced_by_claim_id, _public_id(recorded, events.ClaimReplaced)
    return fact.voided_by_claim_id, _public_id(recorded, events.ClaimVoided)


def _public_id(recorded: Recorded, message: type[Message]) -> str:
    """The id that its public fact was given."""
    return str(public_id(recorded, f"client/{recorded.fact.client_id}", message))
