"""What each part of plans' servicer answers with."""

from kernel.execute import Book
from kernel.rpc.call import Call
from kernel.rpc.commands import context_of
from kernel.store.store import Context
from services.plans.app.ports import Outside


class Desk:
    """One book of record, and what its use cases need from outside."""

    def __init__(self, book: Book, outside: Outside) -> None:
        self._book = book
        self._outside = outside

    def _context(self, request: object, call: Call) -> Context:
        return context_of(request, call, self._book.store.vault)
