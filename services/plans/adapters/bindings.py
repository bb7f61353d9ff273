"""Whose each client, episode, plan and recommendation is, by the admissions that were heard."""

from kernel.rpc.policy import BindingKind
from kernel.store.store import Transaction
from services.plans.adapters.episodes import SqlEpisodes, admissions_to, sites_of_client
from services.plans.adapters.rows import episode_recommended
from services.plans.app.streams import plan_stream
from services.plans.domain.plan import PLAN


def site_of_episode(tx: Transaction, episode_id: str) -> frozenset[str]:
    return frozenset(admitted.site_id for admitted in admissions_to(tx, episode_id))


def site_of_plan(tx: Transaction, plan_id: str) -> frozenset[str]:
    draft = PLAN.after(tx.load(plan_stream(plan_id))).draft
    return _site(tx, (draft.client_id, draft.episode_id)) if draft else frozenset()


def site_of_recommendation(tx: Transaction, recommendation_id: str) -> frozenset[str]:
    about = episode_recommended(tx, recommendation_id)
    return _site(tx, about) if about else frozenset()


def _site(tx: Transaction, about: tuple[str, str]) -> frozenset[str]:
    """Of a client's episode; none while its admission was not heard."""
    client_id, episode_id = about
    site_id = SqlEpisodes().sites(tx, client_id).get(episode_id)
    return frozenset({site_id} if site_id else ())


KINDS = {
    "client": BindingKind(sites_of_client),
    "episode": BindingKind(site_of_episode),
    "plan": BindingKind(site_of_plan),
    "recommendation": BindingKind(site_of_recommendation),
}
