"""What people typed and didn't send is theirs alone, sealed, and gone after fourteen days."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.exchange.v1 import drafts_service_pb2 as pb
from ninehours.exchange.v1 import views_service_pb2 as views

from kernel.drafts import KEPT, MOST_OF_ONE, sweep
from kernel.keys.forgetting import apply_registers, forget
from kernel.keys.ports import OwnerForgotten
from kernel.process import Service
from kernel.rpc import drafts as rpc_drafts
from kernel.rpc import views as rpc_views
from kernel.store.store import Store
from kernel.sweeping import sweeping
from kernel.views import MOST_OF_ONE as MOST_VIEWS
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.intake.service import SITE, Desk
from tests.harness.kernel.owner import as_owner
from tests.whose.served import Ask, served

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ELSEWHERE = "51000000-0000-4000-8000-00000000000e"
DESK = ("front_desk", "OPERATIONS")
WORDS = b"Wilhelmina Canary called about her sister"


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> Desk:
    return Desk(new_store(INTAKE))


@pytest.fixture
def ask(desk: Desk, secrets_dir: Path) -> Iterator[Ask]:
    servicers = {
        **desk.servicers,
        rpc_drafts.SERVICE: rpc_drafts.DraftsServicer(desk.store),
        rpc_views.SERVICE: rpc_views.ViewsServicer(desk.store),
    }
    with served(INTAKE, desk.store, servicers, secrets_dir) as asked:

        def ask_in_march(request: Any, *caller: str, **how: Any) -> Any:
            return asked(request, *(caller or (*DESK, SITE)), **{"now": NOW, **how})

        yield ask_in_march


def save(ask: Ask, content: bytes = WORDS, **changes: Any) -> Any:
    how = {name: changes.pop(name) for name in ("by", "now") if name in changes}
    caller = changes.pop("caller", ())
    request = pb.SaveDraftRequest(**{"form": "SignNote", "content": content, **changes})
    return ask(request, *caller, **how)


def read(ask: Ask, **changes: Any) -> Any:
    how = {name: changes.pop(name) for name in ("by", "now") if name in changes}
    return ask(pb.ReadDraftRequest(**{"form": "SignNote", **changes}), **how)


def forms(ask: Ask, **how: Any) -> list[str]:
    return [draft.form for draft in ask(pb.ListDraftsRequest(), **how).drafts]


def test_a_draft_is_read_as_it_was_saved_last(ask: Ask) -> None:
    about = str(uuid4())
    assert save(ask, b"first").expires_at.ToDatetime(UTC) == NOW + KEPT
    save(ask)
    save(ask, b"of another thing", about_id=about)
    assert read(ask).content == WORDS
    assert read(ask).saved_at.ToDatetime(UTC) == NOW
    assert read(ask, about_id=about).content == b"of another thing"
    assert forms(ask) == ["SignNote", "SignNote"]
    assert ask(pb.ListDraftsRequest(form="RegisterClient")).drafts == []


def test_only_who_saved_it_reads_lists_or_drops_it(ask: Ask) -> None:
    save(ask)
    other = {"by": "person/eve"}
    assert read(ask, **other) == "DRAFT_UNKNOWN"
    assert forms(ask, **other) == []
    ask(pb.DropDraftRequest(form="SignNote"), **other)
    assert read(ask).content == WORDS
    save(ask, b"hers", **other)
    assert (read(ask).content, read(ask, **other).content) == (WORDS, b"hers")


def test_what_was_dropped_is_gone_and_dropping_it_again_changes_nothing(ask: Ask) -> None:
    save(ask)
    for _ in range(2):
        ask(pb.DropDraftRequest(form="SignNote"))
    assert read(ask) == "DRAFT_UNKNOWN"


def test_a_draft_about_a_client_takes_a_token_for_the_clients_site(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    save(ask, client_id=client_id)
    assert read(ask, client_id=client_id).client_id == client_id
    denied = save(ask, client_id=client_id, caller=(*DESK, ELSEWHERE))
    assert denied == "SITE_NOT_ALLOWED"
    entered = desk.rows("SELECT client_id::text, outcome FROM read_audit ORDER BY number")
    assert [tuple(row) for row in entered] == [(client_id, "ANSWERED")]


def test_with_a_clients_key_goes_what_was_typed_about_them(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    save(ask, client_id=client_id)
    save(ask)
    forget(desk.store.engine, desk.store.vault.keys, {f"client/{client_id}": NOW})
    assert [draft.client_id for draft in ask(pb.ListDraftsRequest()).drafts] == [""]


def test_after_fourteen_days_it_is_not_answered_whether_it_was_swept_or_not(ask: Ask) -> None:
    save(ask)
    shortly_before = NOW + KEPT - timedelta(seconds=1)
    assert read(ask, now=shortly_before).content == WORDS
    assert read(ask, now=NOW + KEPT) == "DRAFT_UNKNOWN"
    assert forms(ask, now=NOW + KEPT) == []


def test_sweeping_destroys_the_key_of_a_day_so_that_no_backup_opens_it(
    desk: Desk, ask: Ask
) -> None:
    save(ask)
    [kept] = desk.rows("SELECT * FROM draft")
    save(ask, form="RegisterClient", now=NOW + timedelta(days=3))
    assert sweep(desk.store, NOW + KEPT) == 0  # of that day another may be read for hours
    assert sweep(desk.store, NOW + KEPT + timedelta(days=1)) == 1
    assert [row.form for row in desk.rows("SELECT form FROM draft")] == ["RegisterClient"]
    with pytest.raises(OwnerForgotten):
        desk.store.vault.keys.find("drafts/2026-03-02")
    assert desk.store.vault.keys.find("drafts/2026-03-05") is not None
    # A database of before: it is forgotten again at the start, and the row opens no more.
    with as_owner(desk.store) as tx:
        tx.execute("DELETE FROM forgotten_owner")
        tx.execute(
            "INSERT INTO draft VALUES (:person, :form, '', '', :sealed, :saved_at)",
            person=kept.person,
            form=kept.form,
            sealed=bytes(kept.sealed),
            saved_at=kept.saved_at,
        )
    assert apply_registers(desk.store.engine, desk.store.vault.keys) == 1
    assert read(ask) == "DRAFT_UNKNOWN"
    assert sweep(desk.store, NOW + KEPT + timedelta(days=1)) == 0


def test_a_sweep_that_was_broken_off_is_done_by_the_next(desk: Desk, ask: Ask) -> None:
    save(ask)
    with as_owner(desk.store) as tx:  # as it stands before the key is destroyed
        tx.execute("INSERT INTO forgotten_owner VALUES ('drafts/2026-03-02', now())")
    assert sweep(desk.store, NOW + KEPT + timedelta(days=2)) == 1
    with pytest.raises(OwnerForgotten):
        desk.store.vault.keys.find("drafts/2026-03-02")


def test_sweeping_goes_on_after_what_went_wrong_and_ends_with_its_block() -> None:
    swept = threading.Semaphore(0)

    def fail(_: datetime) -> None:
        swept.release()
        raise RuntimeError

    with sweeping(fail, every=0.001):
        for _ in range(3):
            assert swept.acquire(timeout=30)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"form": ""}, "MALFORMED"),
        ({"form": "Ada Lovelace"}, "MALFORMED"),
        ({"form": "x" * 65}, "MALFORMED"),
        ({"about_id": "x"}, "MALFORMED"),
        ({"client_id": "x"}, "MALFORMED"),
        ({"content": b""}, "MALFORMED"),
        ({"content": b"x" * (rpc_drafts.LARGEST + 1)}, "MALFORMED"),
    ],
    ids=["no form", "a name", "a long form", "no thing", "no client", "nothing", "too much"],
)
def test_what_cannot_be_kept_is_refused(ask: Ask, changes: dict[str, Any], refusal: str) -> None:
    assert save(ask, **{"content": WORDS, **changes}) == refusal
    assert save(ask, b"x" * rpc_drafts.LARGEST).expires_at


def test_a_person_has_a_hundred_drafts_at_most(ask: Ask) -> None:
    for number in range(MOST_OF_ONE):
        save(ask, form=f"form{number}")
    assert save(ask, form="another") == "TOO_MANY_DRAFTS"
    assert save(ask, form="form7").expires_at
    assert save(ask, form="another", by="person/eve").expires_at
    # Those that are over don't count.
    assert save(ask, form="another", now=NOW + KEPT).expires_at


def view(page: str = "holds", name: str = "Canary's clients", **changes: Any) -> views.SavedView:
    made = {"view_id": str(uuid4()), "page": page, "name": name, "filters": WORDS, **changes}
    return views.SavedView(**made)


def listed(ask: Ask, page: str = "", **how: Any) -> list[views.SavedView]:
    return [one.view for one in ask(views.ListViewsRequest(page=page), **how).views]


def test_a_saved_view_is_its_persons_until_it_is_dropped(ask: Ask) -> None:
    first, second = view(), view(page="due")
    ask(views.SaveViewRequest(view=first))
    ask(views.SaveViewRequest(view=second), now=NOW + timedelta(minutes=1))
    first.name = "otherwise"
    ask(views.SaveViewRequest(view=first))
    assert listed(ask) == [first, second]
    assert listed(ask, "due") == [second]
    other = {"by": "person/eve"}
    assert listed(ask, **other) == []
    ask(views.DropViewRequest(view_id=first.view_id), **other)
    assert ask(views.SaveViewRequest(view=first), **other) == "VIEW_UNKNOWN"
    assert listed(ask) == [first, second]
    for _ in range(2):
        ask(views.DropViewRequest(view_id=first.view_id))
    assert listed(ask) == [second]


def test_a_view_has_limits(ask: Ask) -> None:
    for wrong in (
        view(view_id="x"),
        view(page="Ada Lovelace"),
        view(name=""),
        view(name="x" * 101),
        view(filters=b""),
        view(filters=b"x" * (rpc_views.LARGEST + 1)),
    ):
        assert ask(views.SaveViewRequest(view=wrong)) == "MALFORMED"
    kept = [view(page=f"page{number}") for number in range(MOST_VIEWS)]
    for one in kept:
        ask(views.SaveViewRequest(view=one))
    assert ask(views.SaveViewRequest(view=view())) == "TOO_MANY_VIEWS"
    assert ask(views.SaveViewRequest(view=kept[0])) == views.SaveViewResponse()


def test_nothing_that_was_typed_stands_in_any_table(desk: Desk, ask: Ask) -> None:
    save(ask)
    ask(views.SaveViewRequest(view=view()))
    for table in ("draft", "saved_view", "draft_day", "read_audit", "document"):
        rows = str([tuple(map(_in_bytes, row)) for row in desk.rows(f"SELECT * FROM {table}")])
        assert "Canary" not in rows, table
    assert WORDS.decode() in str(read(ask).content)


def _in_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
