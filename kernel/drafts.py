"""Drafts: what one person typed into a form and didn't send, sealed under the key of its day.

A day's key is destroyed when none of its drafts can be read any more: then no backup opens them
either.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kernel.keys.forgetting import forget
from kernel.keys.ports import OwnerForgotten
from kernel.refusal import AgainstTheRules, Unknown
from kernel.store.rows import from_row
from kernel.store.store import Store, Transaction

KEPT = timedelta(days=14)
MOST_OF_ONE = 100
SAVE = """
INSERT INTO draft VALUES (:person, :form, :client_id, :about_id, :sealed, :saved_at)
ON CONFLICT (person, form, client_id, about_id)
DO UPDATE SET sealed = excluded.sealed, saved_at = excluded.saved_at
"""
READ = """
SELECT * FROM draft
WHERE person = :person AND form = :form AND client_id = :client_id AND about_id = :about_id
  AND saved_at > :since
"""
DROP = """
DELETE FROM draft
WHERE person = :person AND form = :form AND client_id = :client_id AND about_id = :about_id
"""
LISTED = """
SELECT person, form, client_id, about_id, saved_at FROM draft
WHERE person = :person AND saved_at > :since AND (:form = '' OR form = :form)
ORDER BY saved_at DESC, form, client_id, about_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOf:
    """Whose, of which form; about which client, and which thing, each empty where there is none."""

    person: str
    form: str
    client_id: str = ""
    about_id: str = ""

    def context(self, saved_at: datetime) -> bytes:
        """What it is sealed in: it opens in no other place, and at no other time."""
        parts = ("draft", self.person, self.form, self.client_id, self.about_id)
        return "|".join((*parts, saved_at.astimezone(UTC).isoformat())).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft(DraftOf):
    """One that is kept."""

    saved_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.saved_at + KEPT


class TooManyDrafts(AgainstTheRules):
    """Of one person; those of before go away by themselves, or are dropped."""

    def __init__(self) -> None:
        super().__init__(
            "TOO_MANY_DRAFTS", f"you have {MOST_OF_ONE} drafts: send some of them, or drop them"
        )


def save(tx: Transaction, draft: DraftOf, content: bytes, now: datetime) -> SavedDraft:
    """Keeps it in place of what the person saved of the same; refuses more than a hundred others
    (TooManyDrafts)."""
    saved = SavedDraft(
        person=draft.person,
        form=draft.form,
        client_id=draft.client_id,
        about_id=draft.about_id,
        saved_at=now,
    )
    others = sum(_is_another(other, draft) for other in listed(tx, draft.person, "", now))
    if others >= MOST_OF_ONE:
        raise TooManyDrafts
    day = _day(now)
    # First: a key is made only for a day that is remembered.
    tx.execute("INSERT INTO draft_day VALUES (:day) ON CONFLICT DO NOTHING", day=day)
    sealed = tx.store.vault.seal(_owner(day), content, draft.context(now))
    tx.execute(SAVE, **_key(draft), sealed=sealed, saved_at=now)
    return saved


def read(tx: Transaction, draft: DraftOf, now: datetime) -> tuple[SavedDraft, bytes]:
    """What was saved last; refuses (Unknown) what wasn't saved, or is over."""
    row = tx.execute(READ, **_key(draft), since=now - KEPT).one_or_none()
    if row is None:
        raise Unknown("draft", draft.form)
    saved = from_row(SavedDraft, row)
    owner = _owner(_day(saved.saved_at))
    try:
        content = tx.store.vault.open(owner, bytes(row.sealed), draft.context(saved.saved_at))
    except OwnerForgotten:  # a database of before was restored
        raise Unknown("draft", draft.form) from None
    return saved, content


def listed(tx: Transaction, person: str, form: str, now: datetime) -> list[SavedDraft]:
    """A person's, of a form or (empty) of all, newest first."""
    rows = tx.execute(LISTED, person=person, form=form, since=now - KEPT)
    return [from_row(SavedDraft, row) for row in rows]


def drop(tx: Transaction, draft: DraftOf) -> None:
    """Where there is none, nothing happens."""
    tx.execute(DROP, **_key(draft))


def sweep(store: Store, now: datetime) -> int:
    """Deletes drafts that are over, and destroys the keys of days of which none is left; gives how
    many days. Broken off in between, it is done by the next."""
    with store.transaction() as tx:
        tx.execute("DELETE FROM draft WHERE saved_at <= :until", until=now - KEPT)
        rows = tx.execute(
            "SELECT day FROM draft_day WHERE day < :first ORDER BY day", first=_day(now - KEPT)
        )
        days: list[date] = [row.day for row in rows]
    forget(store.engine, store.vault.keys, {_owner(day): now for day in days})
    with store.transaction() as tx:
        tx.execute("DELETE FROM draft_day WHERE day = ANY(CAST(:days AS date[]))", days=days)
    return len(days)


def _is_another(one: DraftOf, other: DraftOf) -> bool:
    return _key(one) != _key(other)


def _key(draft: DraftOf) -> dict[str, str]:
    return {
        "person": draft.person,
        "form": draft.form,
        "client_id": draft.client_id,
        "about_id": draft.about_id,
    }


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _owner(day: date) -> str:
    """Of the key."""
    return f"drafts/{day}"
