"""Saved views: by what a person filters pages, sealed under a key of that person's own."""

from dataclasses import dataclass
from datetime import datetime

from kernel.refusal import AgainstTheRules, Unknown
from kernel.store.store import Transaction

MOST_OF_ONE = 50
SAVE = """
INSERT INTO saved_view VALUES (:view_id, :person, :page, :sealed, :saved_at)
ON CONFLICT (view_id) DO UPDATE
SET page = excluded.page, sealed = excluded.sealed WHERE saved_view.person = excluded.person
"""
LISTED = """
SELECT view_id, page, sealed, saved_at FROM saved_view
WHERE person = :person AND (:page = '' OR page = :page) ORDER BY saved_at, view_id
"""


class TooManyViews(AgainstTheRules):
    """Of one person, over all pages."""

    def __init__(self) -> None:
        super().__init__("TOO_MANY_VIEWS", f"you have {MOST_OF_ONE} saved views: drop some of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsView:
    """Whose, of which page. `content`: what is sealed, its name among it."""

    person: str
    view_id: str
    page: str
    content: bytes
    saved_at: datetime


def save(tx: Transaction, view: PersonsView) -> None:
    """Keeps it in place of the person's view of this id.

    Refuses another person's (Unknown), and more than fifty others (TooManyViews).
    """
    others = tx.execute(
        "SELECT count(*) FROM saved_view WHERE person = :person AND view_id <> :view_id",
        person=view.person,
        view_id=view.view_id,
    ).scalar_one()
    if others >= MOST_OF_ONE:
        raise TooManyViews
    saved = tx.execute(
        SAVE,
        view_id=view.view_id,
        person=view.person,
        page=view.page,
        sealed=tx.store.vault.seal(
            _owner(view.person), view.content, _context(view.person, view.view_id)
        ),
        saved_at=view.saved_at,
    )
    if not saved.rowcount:
        raise Unknown("view", view.view_id)


def listed(tx: Transaction, person: str, page: str) -> list[PersonsView]:
    """A person's, of a page or (empty) of all, in the order in which they were saved first."""
    return [
        PersonsView(
            person=person,
            view_id=str(row.view_id),
            page=row.page,
            content=tx.store.vault.open(
                _owner(person), bytes(row.sealed), _context(person, str(row.view_id))
            ),
            saved_at=row.saved_at,
        )
        for row in tx.execute(LISTED, person=person, page=page)
    ]


def drop(tx: Transaction, person: str, view_id: str) -> None:
    """Where the person has none of this id, nothing happens."""
    tx.execute(
        "DELETE FROM saved_view WHERE view_id = :view_id AND person = :person",
        view_id=view_id,
        person=person,
    )


def _owner(person: str) -> str:
    """Of the key."""
    return f"views/{person}"


def _context(person: str, view_id: str) -> bytes:
    """What a view is sealed in: it opens in no other place."""
    return f"view|{person}|{view_id}".encode()
