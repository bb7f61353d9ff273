"""An episode of care as plans' commands know it: what intake told of the admission."""

from dataclasses import dataclass
from datetime import date

from kernel.refusal import BrokenRule, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The admission that was heard."""

    client_id: str
    level_of_care: str
    admitted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A program at a site, which an episode is in."""

    site_id: str
    program_id: str


class EpisodeDischarged(BrokenRule):
    """What a discharged client's course no longer takes."""

    code, about = "EPISODE_DISCHARGED", "episode_id"
    words = "the client was discharged from this episode"


def require_admission(admitted: Admitted | None, client_id: str, episode_id: str) -> Admitted:
    """Refuses an episode of which no admission was heard, or that is another client's."""
    if admitted is None or admitted.client_id != client_id:
        raise Unknown("episode", episode_id)
    return admitted
