"""The RPCs about the level of care: rules, changes, decisions on recommendations."""

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.call import Call
from kernel.rpc.commands import receipt_of
from kernel.rpc.translate import reading, required_level
from services.plans.adapters.level_rules import SAFEGUARDS, level_rules_of
from services.plans.api.desk import Desk
from services.plans.api.reading import decision_request_of
from services.plans.app import level as use_cases
from services.plans.domain.level import ChangeLevelOfCare
from services.plans.domain.rules import ConfirmLevelRules, ProposeLevelRules


class LevelRpcs(Desk):
    """Rules proposed and confirmed, levels changed, recommendations decided."""

    def ProposeLevelRules(
        self, request: pb.ProposeLevelRulesRequest, call: Call
    ) -> pb.ProposeLevelRulesResponse:
        context = self._context(request, call)
        rules = level_rules_of(request.rules, at="rules.", said=SAFEGUARDS)
        command = ProposeLevelRules(rules=rules, proposed_by=context.actor)
        outcome = use_cases.propose_level_rules(self._book, command, context)
        return pb.ProposeLevelRulesResponse(receipt=receipt_of(outcome.published))

    def ConfirmLevelRules(
        self, request: pb.ConfirmLevelRulesRequest, call: Call
    ) -> pb.ConfirmLevelRulesResponse:
        context = self._context(request, call)
        command = ConfirmLevelRules(version=request.version, confirmed_by=context.actor)
        outcome = use_cases.confirm_level_rules(self._book, command, context)
        return pb.ConfirmLevelRulesResponse(receipt=receipt_of(outcome.published))

    def ChangeLevelOfCare(
        self, request: pb.ChangeLevelOfCareRequest, call: Call
    ) -> pb.ChangeLevelOfCareResponse:
        context = self._context(request, call)
        with reading(request) as read:
            command = ChangeLevelOfCare(
                client_id=str(read.uuid("client_id")),
                episode_id=str(read.uuid("episode_id")),
                level_of_care=read.value(required_level, "level_of_care", ""),
                effective_from=read.date("effective_from"),
                changed_by=context.actor,
            )
        outcome = use_cases.change_level_of_care(self._book, self._outside, command, context)
        return pb.ChangeLevelOfCareResponse(receipt=receipt_of(outcome.published))

    def DecideRecommendation(
        self, request: pb.DecideRecommendationRequest, call: Call
    ) -> pb.DecideRecommendationResponse:
        context = self._context(request, call)
        asked = decision_request_of(request)
        outcome = use_cases.decide_recommendation(self._book, self._outside, asked, context)
        return pb.DecideRecommendationResponse(receipt=receipt_of(outcome.published))
