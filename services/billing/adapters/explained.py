"""Explanations as messages, part by part."""

from collections.abc import Sequence

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
from kernel.mapping.writing import writer
from kernel.rpc.translate import to_date, to_timestamp
from services.billing.adapters import messages
from services.billing.app.explaining import RevisedDay, RevisionTold, WhyClaim
from services.billing.domain.authorizations.allocation import Balance
from services.billing.domain.claims.claim import ClaimAdjudicated, ClaimReplaced, ClaimVoided
from services.billing.domain.claims.disclosure import basis_of
from services.billing.domain.claims.drafts import Draft
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.days.release import Release
from services.billing.domain.history.history import IssuedClaim
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.why import explain
from services.billing.domain.x12.t837.claim import ORIGINAL

SERVICES = {
    service.full_name: service
    for module in (attendance, billing, intake, plans)
    for service in module.DESCRIPTOR.services_by_name.values()
}


def day_message(revised: RevisedDay) -> pb.ExplainedDay:
    """A day, explained."""
    explained = revised.explained
    day, rules = explained.day, explained.day.rules
    return pb.ExplainedDay(
        client_id=explained.client_id,
        service_date=to_date(day.service_date),
        outcome=f"OUTCOME_{day.outcome}",
        payer_id=day.payer_id,
        site_id=day.site_id,
        minutes=day.minutes,
        clinical_level=day.level_of_care,
        authorized_level=day.authorized_level,
        billed_level=rules.billed_level if rules else "",
        rules=_rules(rules, fact_id=explained.rules_fact) if rules else None,
        verdicts=[_verdict(verdict) for verdict in explained.verdicts],
        lines=messages.lines_of(day.lines),
        authorization=_authorization(explained.authorization, day.authorized_units),
        claims=[
            _carrying(claim, stands=claim.claim_id in explained.in_force)
            for claim in explained.claims
        ],
        row_id=revised.row_id,
        revisions=[_revision(told) for told in revised.revisions],
        stale=revised.stale,
    )


def claim_message(why: WhyClaim) -> pb.ExplainedClaim:
    """A claim, explained."""
    claim = why.claim
    of_cut = claim.cut if isinstance(claim, Draft) else claim
    found = pb.ExplainedClaim(
        claim_id=why.claim_id,
        state=billing.CLAIM_STATE_ISSUED if why.issued else billing.CLAIM_STATE_DRAFTED,
        client_id=why.client_id,
        payer_id=of_cut.payer_id,
        provider_id=of_cut.provider_id,
        site_id=of_cut.site_id,
        period_start=to_date(of_cut.period_start),
        period_end=to_date(of_cut.period_end),
        claim_form=f"CLAIM_FORM_{of_cut.claim_form}",
        frequency=ORIGINAL if isinstance(claim, Draft) else claim.frequency,
        charge=messages.money(claim.charge_minor),
        diagnoses=claim.diagnoses,
        lines=messages.lines_of(claim.lines),
        days=[day_message(day) for day in why.days],
        changed_days=[day_message(changed) for changed in why.changed],
        authorization=_authorization(why.authorization, claim.authorized_units),
        proposal=_proposal(why),
    )
    if isinstance(claim, ClaimIssued) and why.issued is not None:
        found.issued.CopyFrom(_issued(claim, why.issued, why))
        found.corrects_claim_id = claim.corrects_claim_id
    if why.followed is not None:
        found.followed_by_claim_id, found.followed_fact_id = _followed(why.followed)
    if why.answered is not None:
        answer: ClaimAdjudicated = why.answered.fact
        fact_id = _public_id(why.answered, answer.client_id, events.ClaimAdjudicated)
        found.answer.CopyFrom(_answer(answer, fact_id=fact_id))
    return found


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
_carrying = writer(pb.CarryingClaim, IssuedClaim, fact_id=named("fact"), given=("stands",))
_rules = writer(pb.RuleReference, RuleSet, given=("fact_id",))
_balance = writer(
    pb.ExplainedAuthorization,
    Balance,
    through=("authorization",),
    fact_id=named("authorization.fact"),
    given=("taken",),
)
_answer = writer(pb.PayersAnswer, ClaimAdjudicated, given=("fact_id",))


def _authorization(balance: Balance | None, taken: int) -> pb.ExplainedAuthorization | None:
    return None if balance is None else _balance(balance, taken=taken)


def _revision(told: RevisionTold) -> pb.DayRevision:
    revision = told.revision
    return pb.DayRevision(
        revision=revision.revision,
        fact_id=str(revision.fact_id),
        outcome=f"OUTCOME_{told.row.outcome}",
        withdrawn=revision.withdrawn,
        changes=[
            pb.Change(field=change.field, was=change.was, now=change.now) for change in told.changes
        ],
        facts_added=told.facts_added,
        facts_removed=told.facts_removed,
        rules=revision.rules,
        code=revision.code,
    )


def _issued(claim: ClaimIssued, recorded: Recorded, why: WhyClaim) -> pb.IssuedBy:
    return pb.IssuedBy(
        fact_id=_public_id(recorded, claim.client_id, events.ClaimIssued),
        issued_at=to_timestamp(recorded.at),
        actor=recorded.actor,
        batch_id=claim.batch_id,
        control_number=why.batch.control_number if why.batch else 0,
        number=claim.number,
        basis=basis_of(claim),
        consent_id=claim.consent_id,
        disclosed_fact_id=_public_id(recorded, claim.client_id, events.Disclosed),
    )


def _followed(recorded: Recorded) -> tuple[str, str]:
    fact: ClaimReplaced | ClaimVoided = recorded.fact
    if isinstance(fact, ClaimReplaced):
        public_id = _public_id(recorded, fact.client_id, events.ClaimReplaced)
        return fact.replaced_by_claim_id, public_id
    return fact.voided_by_claim_id, _public_id(recorded, fact.client_id, events.ClaimVoided)


def _proposal(why: WhyClaim) -> pb.ExplainedProposal | None:
    proposal = why.proposal
    if proposal is None:
        return None
    return pb.ExplainedProposal(
        row_id=why.proposal_row_id,
        action=f"CORRECTION_ACTION_{proposal.action}",
        state=f"PROPOSAL_STATE_{proposal.state}",
        issued_charge=messages.money(proposal.issued_charge_minor),
        corrected_charge=messages.money(proposal.corrected_charge_minor),
        changed_dates=[to_date(on) for on in proposal.changed_dates],
        waits_for=[messages.awaited_gate(awaited) for awaited in proposal.waits_for],
    )


def _public_id(recorded: Recorded, client_id: str, message: type[Message]) -> str:
    """The id that its public fact was given."""
    return str(public_id(recorded, f"client/{client_id}", message))
