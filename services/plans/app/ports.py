"""What plans' use cases and questions need from outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from kernel.execute import Book
from kernel.messaging.public_facts import HeardCredentials
from kernel.sites import speaks_for_every
from kernel.store.store import Transaction
from services.plans.domain.episode import Admitted
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectedRow(Generic[T]):
    """A row as it stands. `revision` counts its changes; `facts`: ids of what it rests on."""

    row_id: str
    content: T
    revision: int
    withdrawn: bool
    facts: tuple[str, ...]


class ProjectedRows(Protocol):
    """What was projected, as of this transaction."""

    def weeks(self, tx: Transaction, client_id: str) -> Sequence[ProjectedRow[WeekOfProgress]]:
        """The client's current weeks, oldest first; withdrawn ones are not among them."""
        ...

    def weeks_as_of(
        self, tx: Transaction, client_id: str, until: datetime
    ) -> Sequence[WeekOfProgress]:
        """The same, measured anew from the facts signed by then."""
        ...

    def recommendations(
        self, tx: Transaction, client_id: str
    ) -> Sequence[ProjectedRow[Recommendation]]:
        """The client's current recommendations, oldest first, without withdrawn ones."""
        ...

    def recommendation(
        self, tx: Transaction, client_id: str, recommendation_id: str
    ) -> ProjectedRow[Recommendation] | None:
        """One of this client's, withdrawn or not; None when there never was one."""
        ...


class Episodes(Protocol):
    """What was heard of episodes, as of this transaction."""

    def admitted(self, tx: Transaction, client_id: str, episode_id: str) -> Admitted | None:
        """This client's admission to this episode; None when none was heard."""
        ...

    def client_of(self, tx: Transaction, episode_id: str) -> str | None:
        """Whose admission to this episode was heard; None when none was."""
        ...

    def open_high(self, tx: Transaction, client_id: str) -> Sequence[str]:
        """The client's open safety tasks of HIGH risk; one that doesn't say its risk is HIGH."""
        ...

    def sites(self, tx: Transaction, client_id: str) -> Mapping[str, str]:
        """The client's episodes of which an admission was heard → the site of each."""
        ...

    def client_sites(self, tx: Transaction, client_id: str) -> Collection[str]:
        """The client's: of open episodes, else of the one that ended last."""
        ...

    def activated(self, tx: Transaction, client_id: str, episode_id: str) -> Sequence[str]:
        """Ids of the plans that came into force in it, whether or not others followed since."""
        ...


def episodes_at(
    tx: Transaction, episodes: Episodes, client_id: str, sites: Collection[str]
) -> Callable[[str], bool]:
    """Whether an episode of this client's is shown to who has these sites."""
    if speaks_for_every(sites):
        return lambda _: True
    site_of = episodes.sites(tx, client_id)
    return lambda episode_id: site_of.get(episode_id) in sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What every use case of plans works with: the book of record, and what is known beside it."""

    book: Book
    rows: ProjectedRows
    episodes: Episodes
    credentials: HeardCredentials
