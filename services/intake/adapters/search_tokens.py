"""The search index: keyed hashes of what clients are found by, which follow what is sealed.

A hash is of site, field and text, under a key of its own: a token of one site says nothing of
another's, and without the key nothing at all but how many share it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kernel.facts import Recorded, id_of, kind_of
from kernel.messaging.persons import ids_of
from kernel.statements import content_of, standing
from kernel.store.documents import Document
from kernel.store.store import Transaction
from services.intake.adapters import sealed
from services.intake.adapters.bindings import sites_of_each
from services.intake.adapters.keyed_hashes import keyed_hash
from services.intake.app.streams import (
    CONTACTS,
    IDENTITY,
    client_stream,
    membership_document,
)
from services.intake.domain.client import ClientRegistered
from services.intake.domain.forgetting import ClientForgotten
from services.intake.domain.person import PersonChanged
from services.intake.domain.search import Clue, Findable, clues_of

OWNER = "search"
TOKEN_BYTES = 16
FOLLOWED = ("client", "episode")  # streams
NO_SITE = ""  # of whom no site has: found by who speaks for the whole network
DOCUMENTS = (IDENTITY, CONTACTS, membership_document("%"))
ENTER = """
INSERT INTO search_token
SELECT token, :client FROM unnest(CAST(:tokens AS bytea[])) AS x(token) ON CONFLICT DO NOTHING
"""
DROP_OTHERS = """
DELETE FROM search_token WHERE client_id = :client AND token <> ALL(CAST(:tokens AS bytea[]))
"""
DROP = "DELETE FROM search_token WHERE client_id = :client"


class SearchTokens:
    """Of sites and clues, under the key of this database, which is made once and for good."""

    def __init__(self, tx: Transaction) -> None:
        self._hash = keyed_hash(tx, OWNER)

    def tokens(self, site_id: str, clues: Iterable[Clue]) -> list[bytes]:
        """Of each clue, in their order."""
        return [
            self._hash((site_id, clue.field, clue.by.name, clue.text))[:TOKEN_BYTES]
            for clue in clues
        ]


def keep(tx: Transaction, recorded: Recorded) -> None:
    """After whatever is recorded of a client or an episode: they may be found otherwise now.

    And whoever else is the same person: they are where that one is. Who was forgotten isn't found
    from that moment on, whenever the key is destroyed. In the transaction that records it, under
    the client's lock.
    """
    kind, fact = kind_of(recorded.stream), content_of(recorded)
    if kind not in FOLLOWED:
        return
    client_id = id_of(recorded.stream) if kind == "client" else fact.client_id
    if isinstance(fact, ClientForgotten):
        tx.execute(DROP, client=client_id)
        return
    follow_person(tx, client_id)


def follow_person(tx: Transaction, client_id: str) -> None:
    """The tokens of every client of the person are of what is sealed now, at the person's sites."""
    hashed = SearchTokens(tx)
    for each, tokens in tokens_now(tx, hashed, ids_of(tx.connection, client_id)).items():
        enter(tx, each, tokens)


def enter(tx: Transaction, client_id: str, tokens: Collection[bytes]) -> None:
    """These and no others are the client's from now on."""
    tx.execute(DROP_OTHERS, client=client_id, tokens=list(tokens))
    tx.execute(ENTER, client=client_id, tokens=list(tokens))


def tokens_now(
    tx: Transaction, hashed: SearchTokens, client_ids: Collection[str]
) -> Mapping[str, frozenset[bytes]]:
    """Client → as they must be, in one order whoever asks; none of who was forgotten."""
    sites, clients = sites_of_each(tx, client_ids), _findable(tx, client_ids)
    return {
        client_id: frozenset(
            token
            for client in [clients.get(client_id)]
            if client is not None
            for site_id in sites[client_id] or {NO_SITE}
            for token in hashed.tokens(site_id, clues_of(client))
        )
        for client_id in sorted(client_ids)
    }


def _findable(tx: Transaction, client_ids: Collection[str]) -> Mapping[str, Findable]:
    """Client → as what is said now is sealed, of those who weren't forgotten."""
    owners = {client_stream(client_id): client_id for client_id in client_ids}
    sealed_now: dict[str, list[Document]] = {}
    for document in tx.documents.newest_like(owners, DOCUMENTS):
        sealed_now.setdefault(document.owner, []).append(document)
    histories = tx.load_many(list(owners))
    found = {}
    for owner, documents in sealed_now.items():
        by_kind = {document.kind: document for document in documents}
        if IDENTITY in by_kind:
            version = _contacts_version(histories[owner])
            contacts = by_kind.get(CONTACTS)
            if version and (contacts is None or contacts.version != version):
                contacts = tx.documents.open(owner, CONTACTS, version)
            found[owners[owner]] = sealed.findable(
                by_kind[IDENTITY].content,
                [each.content for kind, each in by_kind.items() if kind_of(kind) == "coverage"],
                contacts.content if version and contacts is not None else b"",
            )
    return found


def _contacts_version(history: Sequence[Recorded]) -> int:
    """Of those of now, which needn't be sealed last; 0: none were said."""
    said = [recorded.fact for recorded in standing(history)]
    changes = [fact for fact in said if isinstance(fact, PersonChanged)]
    versions = [
        *(fact.contacts_version for fact in said if isinstance(fact, ClientRegistered)),
        *(c.contacts_version for c in sorted(changes, key=lambda change: change.changed_from)),
    ]
    return versions[-1] if versions else 0
