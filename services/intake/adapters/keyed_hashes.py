"""Keyed hashes of what is sealed, each use under a key of its own that intake makes and seals.

Such a key is a document: sealed under the master key in use, its content outlives that one.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from hashlib import sha256

from kernel.store.store import Transaction

KIND, FIRST = "key", 1
KEY_BYTES = 32


def keyed_hash(tx: Transaction, owner: str) -> Callable[[Sequence[str]], bytes]:
    """Hashes words under the key of this owner, which is no client."""
    key = _key(tx, owner)
    return lambda words: hmac.digest(key, json.dumps(words).encode(), sha256)


def is_made(tx: Transaction, owner: str) -> bool:
    """Whether this owner has a key: in a snapshot none can be made."""
    return tx.documents.open(owner, KIND, FIRST) is not None


def _key(tx: Transaction, owner: str) -> bytes:
    """Made when it is first wanted. Of two made at once the first holds, whoever asks."""
    document = tx.documents.open(owner, KIND, FIRST)
    if document is None:
        tx.documents.put(owner, KIND, secrets.token_bytes(KEY_BYTES))
        document = tx.documents.open(owner, KIND, FIRST)
    if document is None:
        raise RuntimeError(f"the key of {owner} can't be made")
    return document.content
