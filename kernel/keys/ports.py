"""Two ports: to whatever wraps owners' keys, and to where wrapped keys are kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.refusal import AgainstTheRules, NotYet


class MasterKeyMissing(NotYet):
    """A key is wrapped under a master key that isn't here, or not yet; the message names its id."""

    def __init__(self, master: str) -> None:
        super().__init__(
            "MASTER_KEY_MISSING",
            f"there is no master key {master!r}, under which keys are wrapped",
            master_key=master,
        )


class OwnerForgotten(AgainstTheRules):
    """The owner's key was destroyed: nothing of theirs opens, or is sealed, ever again."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            "CLIENT_FORGOTTEN",
            f"the key of {owner} was destroyed when their retention ended: nothing sealed of them"
            " can be read, and nothing more is kept",
            owner=owner,
        )


class KeyLost(AgainstTheRules):
    """Something is sealed under the owner's key, and the key store has none, nor destroyed one."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            "KEY_LOST",
            f"the key store has no key of {owner}, and never destroyed one: restore a newer one",
            owner=owner,
        )


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """An owner's key as it is stored: `wrapped` opens under that master key, for that owner."""

    master: str
    wrapped: bytes


class MasterKeys(Protocol):
    """Wraps and unwraps keys of 32 bytes: mounted files today, a key management service tomorrow.

    The id of the master key and the owner are bound into what is wrapped: under another id, or as
    another owner's, it doesn't open.
    """

    @property
    def in_use(self) -> str:
        """The id of the master key that wraps from now on."""
        ...

    def known(self) -> Mapping[str, datetime]:
        """Id → since when it is there, of every master key that unwraps."""
        ...

    def wrap(self, key: bytes, owner: str) -> WrappedKey:
        """Under the master key in use."""
        ...

    def unwrap(self, wrapped: WrappedKey, owner: str) -> bytes:
        """The key. Refuses what was altered (Unsealable), and an id unknown (MasterKeyMissing)."""
        ...

    def unwrap_unbound(self, wrapped: bytes) -> bytes:
        """A key as releases wrapped it that knew one master key: the first; bound to nobody."""
        ...

    def first_digesting(self) -> bytes | None:
        """What digests were keyed with before they had a key of their own; None: nothing was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeyUse:
    """A master key, its age as far as it was noted, and how many keys are wrapped under it.

    `is_here`: this process can unwrap with it; keys under one that isn't here open nowhere.
    """

    master: str
    seconds: float | None
    wraps: int
    in_use: bool
    is_here: bool


class KeyStore(Protocol):
    """Owners' keys, kept apart from what is sealed under them."""

    def find(self, owner: str) -> bytes | None:
        """The owner's key; None: there is none yet. Refuses who was forgotten (OwnerForgotten)."""
        ...

    def fetch(self, owners: Collection[str]) -> None:
        """Have the keys of these owners at hand: asked for next, they take no question each."""
        ...

    def make(self, owner: str) -> bytes:
        """The owner's key, kept for good before it is given: nobody seals under one that is lost.

        Of two made at once the first holds, whoever asks. Refuses whose was destroyed.
        """
        ...

    def digesting(self) -> bytes:
        """What digests are keyed with: made once, whichever master key wraps it."""
        ...

    def rewrap(self, most: int) -> int:
        """Wrap so many keys anew that are not under the master key in use; gives how many were.

        Whatever was wrapped stays so, wherever it is broken off; several may be at it.
        """
        ...

    def uses(self) -> Sequence[MasterKeyUse]:
        """Every master key that is here, or that keys are wrapped under; oldest first."""
        ...

    def note_masters(self) -> None:
        """Remember since when each master key that is here is known, for those who ask its age."""
        ...

    def close(self) -> None:
        """Give its connections back."""
        ...

    def destroyed(self) -> Mapping[str, datetime]:
        """Owner → when the key was destroyed, of everybody's."""
        ...

    def destroy(self, owners: Mapping[str, datetime]) -> None:
        """Destroy these owners' keys, and register when; who is registered stays so."""
        ...
