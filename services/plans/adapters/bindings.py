"""Whose each client, episode, plan and recommendation is, by the admissions that were heard."""

from uuid import UUID

from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.rpc.policy import BindingKind
from kernel.store.store import Transaction
from services.plans.adapters.episodes import SqlEpisodes, sites_of_client, sites_of_episode
from services.plans.adapters.rows import episode_recommended
from services.plans.app.statements import drafted, first_said
from services.plans.app.streams import plan_stream
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.plan import PLAN


def site_of_plan(tx: Transaction, plan_id: str) -> frozenset[str]:
    draft = PLAN.after(tx.load(plan_stream(plan_id))).draft
    return _site(tx, (draft.client_id, draft.episode_id)) if draft else frozenset()


def site_of_recommendation(tx: Transaction, recommendation_id: str) -> frozenset[str]:
    about = episode_recommended(tx, recommendation_id)
    return _site(tx, about) if about else frozenset()


def whose(tx: Transaction, said: Recorded) -> tuple[str, str]:
    """The client and the episode of a statement; of one on a recommendation, what that is about."""
    fact = said.fact
    if isinstance(fact, RecommendationDecided):
        return episode_recommended(tx, fact.recommendation_id) or (fact.client_id, "")
    of = fact if hasattr(fact, "episode_id") else drafted(tx, said)
    return of.client_id, of.episode_id


def site_of_statement(tx: Transaction, statement_id: str) -> frozenset[str]:
    """Of the episode it was said of; none of what nobody said here, or can't put right."""
    try:
        return _site(tx, whose(tx, first_said(tx, UUID(statement_id))))
    except Unknown:
        return frozenset()


def _site(tx: Transaction, about: tuple[str, str]) -> frozenset[str]:
    """Of a client's episode; none while its admission was not heard."""
    client_id, episode_id = about
    return SqlEpisodes().sites(tx, client_id).get(episode_id, frozenset())


KINDS = {
    "client": BindingKind(sites_of_client),
    "episode": BindingKind(sites_of_episode),
    "plan": BindingKind(site_of_plan),
    "recommendation": BindingKind(site_of_recommendation),
    "statement": BindingKind(site_of_statement),
}
