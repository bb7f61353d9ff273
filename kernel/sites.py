"""Which sites a caller speaks for, and whose what is asked for is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel.refusal import NotAllowed

EVERY_SITE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An episode of care at its sites: where it began, and where it was transferred to.

    `closed_on` None: it is open.
    """

    site_ids: frozenset[str]
    closed_on: date | None = None


def site_named(text: str) -> str | None:
    """The site by its id as it is told everywhere, or `*`; None: the text is neither."""
    if text == EVERY_SITE:
        return text
    try:
        site_id = str(UUID(text))
    except ValueError:
        return None
    return site_id if site_id == text.lower() else None


def speaks_for_every(sites: Collection[str]) -> bool:
    """Whether these are the whole network's: not a list of all, `*` alone says so."""
    return EVERY_SITE in sites


def require_network(sites: Collection[str]) -> None:
    """Refuses SITE_NOT_ALLOWED who doesn't speak for the whole network."""
    if not speaks_for_every(sites):
        raise NotAllowed("SITE_NOT_ALLOWED", "this takes a token for the whole network: `*`")


def speaks_for(sites: Collection[str], site_id: str) -> bool:
    """Whether what belongs to this site is shown to who has these; of no site, to `*` alone."""
    return speaks_for_every(sites) or site_id in sites


def those_asked(sites: Collection[str]) -> list[str] | None:
    """As SQL asks for them; None: every one."""
    return None if speaks_for_every(sites) else sorted(sites)


def not_of_your_sites() -> NotAllowed:
    """The one answer to what belongs to other sites, and to what nobody knows."""
    return NotAllowed("SITE_NOT_ALLOWED", "your token does not cover this site")


def sites_of_client(stays: Iterable[Stay], registered_at: str | None) -> frozenset[str]:
    """A client's sites: of open episodes, else of the one closed last, else the registering one.

    An episode's are all at which it was: who is transferred stays known where they were treated.

    `stays` in the order of admission; `registered_at` empty: registered before sites were asked
    for, None: by nobody. Whom no site has belongs to `*` alone.
    """
    all_stays = list(stays)
    if open_ones := [stay.site_ids for stay in all_stays if stay.closed_on is None]:
        return frozenset().union(*open_ones)
    last = None
    for stay in all_stays:
        if last is None or (stay.closed_on or date.max) >= (last.closed_on or date.max):
            last = stay
    if last is not None:
        return last.site_ids
    return frozenset() if registered_at is None else frozenset({registered_at or EVERY_SITE})
