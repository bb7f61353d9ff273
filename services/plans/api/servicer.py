"""PlansService: request to command, outcome to response. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.messaging.caught_up import clients_not_caught_up, wait_until_heard
from kernel.rpc.call import Call
from kernel.rpc.commands import (
    ACTOR,
    NOW,
    Accepted,
    CommandRpcs,
    command_rpc,
    new_id,
    patience_of,
    positions_of,
)
from kernel.rpc.translate import reading, timestamp_of
from services.plans.adapters import rows
from services.plans.adapters.episodes import episodes_at, tells_scores
from services.plans.adapters.subscriptions import trend_message
from services.plans.api import requests
from services.plans.app import endings, levels_of_care, treatment_plans
from services.plans.app.ports import Plans
from services.plans.app.streams import client_subject
from services.plans.app.treatment_plans import PlanInWords, SignOrEnter
from services.plans.domain.decision import DECISION
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

SERVICE = pb.DESCRIPTOR.services_by_name["PlansService"]

_week = writer(pb.WeekOfProgress, WeekOfProgress, given=("revision",), phq9=trend_message)
_recommendation = writer(
    pb.Recommendation,
    Recommendation,
    given=("facts", "revision", "stale", "decision"),
    reasons=named("in_words"),
)


def _drafted(drafting: Accepted[Plans, PlanInWords]) -> Mapping[str, Any]:
    plan = treatment_plans.drafted_by(drafting.outcome)
    return {"plan_id": plan.plan_id, "version": plan.version}


def _active(signing: Accepted[Plans, SignOrEnter]) -> Mapping[str, Any]:
    plan_id = signing.command.plan_id
    return {"active": treatment_plans.is_active(signing.write_side, plan_id, signing.outcome)}


class PlansServicer(CommandRpcs[Plans]):
    """Answers PlansService."""

    DraftPlan = command_rpc(requests.to_plan_in_words, treatment_plans.draft_plan, _drafted)
    SignPlan = command_rpc(
        requests.to_sign_plan, treatment_plans.sign_plan, _active, actor=ACTOR, now=NOW
    )
    RefusePlan = command_rpc(requests.to_refuse_plan, treatment_plans.on_plan, actor=ACTOR, now=NOW)
    CertifyPlan = command_rpc(
        requests.to_certify_plan, treatment_plans.certify_plan, actor=ACTOR, now=NOW
    )
    ReviewPlan = command_rpc(requests.to_review_plan, treatment_plans.on_plan, actor=ACTOR, now=NOW)
    ProposeLevelRules = command_rpc(
        requests.to_propose_level_rules, levels_of_care.propose_level_rules, proposed_by=ACTOR
    )
    ConfirmLevelRules = command_rpc(
        requests.to_confirm_level_rules, levels_of_care.confirm_level_rules, confirmed_by=ACTOR
    )
    ChangeLevelOfCare = command_rpc(
        requests.to_change_level, levels_of_care.change_level_of_care, changed_by=ACTOR
    )
    DecideRecommendation = command_rpc(requests.to_decision, levels_of_care.decide_recommendation)
    CompleteProgram = command_rpc(
        requests.to_complete_program, endings.complete_program, actor=ACTOR, now=NOW
    )
    DischargeClient = command_rpc(
        requests.to_discharge, endings.discharge_client, actor=ACTOR, now=NOW
    )
    ArrangeAftercare = command_rpc(
        requests.to_arrange_aftercare,
        endings.follow_up,
        actor=ACTOR,
        now=NOW,
        aftercare_id=new_id("aftercare"),
    )
    RecordFollowUp = command_rpc(
        requests.to_record_follow_up,
        endings.follow_up,
        actor=ACTOR,
        now=NOW,
        follow_up_id=new_id("follow-up"),
    )

    def ListProgress(self, request: pb.ListProgressRequest, call: Call) -> pb.ListProgressResponse:
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
            until = read.optional(timestamp_of, "as_of")
        store = self.write_side.executor.store
        if until is None:
            wait_until_heard(store, positions_of(request.after), patience_of(call))
        with store.transaction() as tx:
            here = episodes_at(tx, client_id, call.actor.sites)
            if until is None:
                measured = [(row.content, row.revision) for row in rows.weeks(tx, client_id)]
            else:
                # No row tells an earlier moment: it has no revision.
                measured = [(week, 0) for week in rows.weeks_as_of(tx, client_id, until)]
            scores = tells_scores(tx, client_id, call.reader)
        return pb.ListProgressResponse(
            weeks=[
                _week(week if scores else replace(week, phq9=None), revision=revision)
                for week, revision in measured
                if here(week.episode_id)
            ],
            scores_withheld=not scores,
        )

    def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, call: Call
    ) -> pb.ListRecommendationsResponse:
        """Oldest first, each marked stale while anything of the client is parked, behind or due.

        A decision on a recommendation that was of another kind then is not shown: this one is open.
        """
        with reading(request) as read:
            client_id = str(read.uuid("client_id"))
        store = self.write_side.executor.store
        wait_until_heard(store, positions_of(request.after), patience_of(call))
        with store.transaction() as tx:
            # Asked first: what is read after it is at least as fresh as the answer.
            stale = bool(clients_not_caught_up(tx.connection, [client_subject(client_id)]))
            here = episodes_at(tx, client_id, call.actor.sites)
            scores = tells_scores(tx, client_id, call.reader)
            found = [
                row for row in rows.recommendations(tx, client_id) if here(row.content.episode_id)
            ]
            decisions = levels_of_care.decisions_on(tx, [row.content for row in found])
        recommendations = []
        for row in found:
            decided = DECISION.after(decisions[row.row_id]).on(row.content.kind)
            recommendations.append(
                _recommendation(
                    row.content if scores else row.content.without_scores(),
                    facts=row.facts,
                    revision=row.revision,
                    stale=stale,
                    decision=decided.outcome if decided else "",
                )
            )
        return pb.ListRecommendationsResponse(
            recommendations=recommendations, scores_withheld=not scores
        )
