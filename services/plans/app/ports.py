"""What plans' use cases need from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from kernel.execute import CommandExecutor
from kernel.messaging.public_facts import HeardCredentials
from kernel.store.store import Transaction
from services.plans.domain.episode import Admitted, Place
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

    def sites(self, tx: Transaction, client_id: str) -> Mapping[str, frozenset[str]]:
        """The client's episodes of which an admission was heard → the sites where each was."""
        ...

    def place(self, tx: Transaction, client_id: str, episode_id: str) -> Place | None:
        """Where the client's episode is, or will be, since its last transfer; None: it isn't
        theirs, as far as an admission was heard."""
        ...

    def open_beside(self, tx: Transaction, client_id: str, episode_id: str) -> Sequence[str]:
        """The client's other episodes in the program of this one, that no discharge ended."""
        ...

    def activated(self, tx: Transaction, client_id: str, episode_id: str) -> Sequence[str]:
        """Ids of the plans that came into force in it, whether or not others followed since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What every use case of plans works with: the executor of commands, and what is known beside.

    `weeks`: a client's current ones, oldest first, without withdrawn ones. `recommendation`: one of
    the client's, withdrawn or not; None when there never was one.
    """

    executor: CommandExecutor
    weeks: Callable[[Transaction, str], Sequence[ProjectedRow[WeekOfProgress]]]
    recommendation: Callable[[Transaction, str, str], ProjectedRow[Recommendation] | None]
    episodes: Episodes
    credentials: HeardCredentials
