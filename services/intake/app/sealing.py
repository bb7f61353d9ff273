"""Documents of a client's whose newest version is what stands now, whatever was said last."""

from collections.abc import Iterator

from kernel.store.store import Transaction


def every_version(tx: Transaction, owner: str, kind: str) -> Iterator[bytes]:
    """What was sealed, from the first version on."""
    number = 1
    while (document := tx.documents.open(owner, kind, number)) is not None:
        yield document.content
        number += 1


def sealed_once(tx: Transaction, owner: str, kind: str, content: bytes) -> int:
    """The first version that says this, which is sealed if none does."""
    for number, said in enumerate(every_version(tx, owner, kind), start=1):
        if said == content:
            return number
    return tx.documents.put(owner, kind, content)


def make_newest(tx: Transaction, owner: str, kind: str, version: int) -> list[bytes]:
    """Every version, of which the last says what this one does: sealed again if another did."""
    said = list(every_version(tx, owner, kind))
    if said[-1] != (stands := said[version - 1]):
        tx.documents.put(owner, kind, stands)
        said.append(stands)
    return said
