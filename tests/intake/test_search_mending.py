"""`verify` finds what of the search index isn't as it must be, and an operator mends it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import search_service_pb2 as search

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.intake.__main__ import SERVICE, servicers
from services.intake.adapters import search_mending
from tests.harness.intake.merging import merge
from tests.harness.intake.service import SURNAME, Desk, findings, register, settings
from tests.harness.intake.strategies import day
from tests.harness.kernel.owner import as_owner
from tests.intake.test_doubles import NOBODYS
from tests.intake.test_forgetting import YEARS, agree, ask, long_after
from tests.intake.test_search import OTHER_SITE, find, ids

INDEX = "search tokens"
MISSING, STRANGE = "SEARCH_TOKENS_MISSING", "SEARCH_TOKENS_STRANGE"


def found(desk: Desk) -> list[tuple[str, str]]:
    return [(reason, about) for reason, about, _ in findings(desk, INDEX)[1]]


def altered(desk: Desk, statement: str, **given: object) -> None:
    with as_owner(desk.store) as tx:
        tx.execute(statement, **given)


def mend(desk: Desk) -> tuple[int, int]:
    """How many were looked at, and mended, until there are no more."""
    looked_at, mended, after = 0, 0, ""
    while True:
        answer = desk.call(search.RebuildSearchRequest(after_client_id=after))
        looked_at, mended = looked_at + answer.looked_at, mended + answer.mended
        after = answer.last_client_id
        if not after:
            return looked_at, mended


def test_whatever_is_recorded_leaves_the_index_as_it_must_be(desk: Desk) -> None:
    request = register()
    request.contacts.phone = "(312) 555-0142"
    client_id = desk.call(request).client_id
    other = desk.registered(family_name="Zeuner", site_id=OTHER_SITE)
    assert findings(desk, INDEX) == (2, [])
    desk.covered(client_id)
    desk.admitted(client_id, site_id=OTHER_SITE)
    merge(desk, client_id, other)
    desk.pending_work.drain()
    desk.call(
        pb.ChangePersonRequest(
            client_id=client_id,
            identity=pb.Identity(
                family_name="Zeuner",
                given_name="Ada",
                birth_date=to_date(day(-9000)),
                sex=pb.SEX_FEMALE,
                address=request.identity.address,
            ),
            contacts=pb.Contacts(phone="312 555 0199"),
            changed_from=to_date(day(0)),
        )
    )
    assert findings(desk, INDEX) == (2, [])
    assert mend(desk) == (2, 0)


def test_of_whom_a_reaction_is_due_nothing_is_said_yet(desk: Desk) -> None:
    survivor = desk.registered()
    absorbed = desk.registered(family_name="Zeuner", site_id=OTHER_SITE)
    desk.pending_work.drain()
    merge(desk, survivor, absorbed)
    assert found(desk) == []
    altered(desk, "DELETE FROM due_reaction")
    assert set(found(desk)) == {(MISSING, f"client/{each}") for each in (survivor, absorbed)}


def test_tokens_that_are_lost_or_another_clients_are_found_and_mended(desk: Desk) -> None:
    one, other, third = desk.registered(), desk.registered(family_name="Zeuner"), desk.registered()
    desk.pending_work.drain()
    altered(desk, "DELETE FROM search_token WHERE client_id = :one", one=one)
    altered(
        desk,
        "INSERT INTO search_token SELECT token, :third FROM search_token WHERE client_id = :other"
        " ON CONFLICT DO NOTHING",
        third=third,
        other=other,
    )
    assert ids(find(desk, "zeuner")) != [other]
    assert set(found(desk)) == {(MISSING, f"client/{one}"), (STRANGE, f"client/{third}")}
    assert mend(desk) == (3, 2)
    assert found(desk) == []
    assert ids(find(desk, "zeuner")) == [other]
    assert set(ids(find(desk, SURNAME))) == {one, third}


def test_tokens_of_nobody_are_found_and_go(desk: Desk) -> None:
    desk.registered()
    altered(
        desk, "INSERT INTO search_token SELECT token, :nobody FROM search_token", nobody=NOBODYS
    )
    assert found(desk) == [("SEARCH_TOKENS_OF_NOBODY", f"client/{NOBODYS}")]
    assert mend(desk) == (1, 0)
    assert found(desk) == []


def test_tokens_of_who_is_forgotten_are_found_and_go(
    new_store: Callable[[Service], Store],
) -> None:
    desk = Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)
    client_id, _ = desk.registered(), desk.registered(given_name="Grace")
    tokens = desk.rows(f"SELECT token FROM search_token WHERE client_id = '{client_id}'")
    long_after(desk)
    ask(desk, client_id)
    agree(desk, client_id)
    desk.drainer().drain()
    assert found(desk) == []
    for (token,) in tokens:
        altered(desk, "INSERT INTO search_token VALUES (:t, :c)", t=bytes(token), c=client_id)
    assert found(desk) == [(STRANGE, f"client/{client_id}")]
    assert mend(desk) == (2, 1)
    assert found(desk) == []


def test_without_its_key_the_index_finds_nobody_and_is_mended_under_another(desk: Desk) -> None:
    assert found(desk) == []
    client_id = desk.registered()
    altered(desk, "DELETE FROM document WHERE owner = 'search'")
    assert found(desk) == [("SEARCH_KEY_MISSING", "search")]
    assert mend(desk) == (1, 1)
    assert found(desk) == []
    desk.servicers = servicers(desk.store, settings({}))  # a process reads the key when it begins
    assert ids(find(desk, SURNAME)) == [client_id]


def test_many_are_mended_some_at_a_time_and_who_cannot_be_opened_is_passed_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_mending, "AT_ONCE", 2)
    clients = sorted((desk.registered() for _ in range(5)), key=UUID)
    altered(desk, "DELETE FROM search_token")
    altered(
        desk,
        "UPDATE document SET sealed = decode('00', 'hex') WHERE owner = :owner",
        owner=f"client/{clients[1]}",
    )
    first = desk.call(search.RebuildSearchRequest())
    assert (first.looked_at, first.mended, first.unopened) == (2, 1, 1)
    assert first.last_client_id == clients[1]
    assert mend(desk) == (5, 3)
    assert set(ids(find(desk, SURNAME))) == {*clients} - {clients[1]}
    assert found(desk) == []
