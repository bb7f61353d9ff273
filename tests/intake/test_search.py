"""Clients are found by what somebody knows of them, at one's own sites, by index and by hash."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_service_pb2 as pb
from ninehours.intake.v1 import search_service_pb2 as search
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.keys.forgetting import apply_registers
from kernel.messaging.inbox import Inbox
from kernel.process import Service
from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from kernel.store.statements import text
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from services.intake.adapters import search_tokens as index
from services.intake.adapters.search import question
from services.intake.adapters.subscriptions import SUBSCRIPTIONS
from services.intake.domain.search import ClientsSought, parts_of
from tests.harness.intake.service import PROGRAM, SITE, SURNAME, Desk, identity, register
from tests.harness.intake.strategies import day
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of
from tests.intake.test_forgetting import YEARS, agree, ask, long_after

OTHER_SITE = "51000000-0000-4000-8000-00000000000b"
HERE, THERE = frozenset({SITE}), frozenset({OTHER_SITE})
NETWORK = frozenset({"*"})


def find(desk: Desk, words: str = "", sites: frozenset[str] = NETWORK, **asked: Any) -> list[Any]:
    request = search.FindClientsRequest(text=words, **asked)
    return list(desk.call(request, sites=sites).clients)


def ids(found: list[Any]) -> list[str]:
    return [one.client.client_id for one in found]


def test_an_answer_tells_people_apart_without_another_question(desk: Desk) -> None:
    ada = desk.registered()
    grace = desk.registered(given_name="Grace")
    desk.admitted(ada)
    found = find(desk, SURNAME.lower())
    assert ids(found) == [ada, grace]  # in care first
    assert found[0].client == search.ClientInBrief(
        client_id=ada,
        family_name=SURNAME,
        given_name="Ada",
        birth_date=common.Date(year=1984, month=2, day=29),
        site_id=SITE,
        admitted_level="2.1",
        active=True,
    )
    other = found[1].client
    assert (other.site_id, other.admitted_level, other.active) == (SITE, "", False)


def test_the_best_come_first(desk: Desk) -> None:
    begun = desk.registered(family_name="Larsonius")
    sounding = desk.registered(family_name="Larsen")
    named = desk.registered(family_name="Larson")
    found = find(desk, "larson")
    assert ids(found) == [named, begun, sounding]
    assert [search.MatchedBy.Name(one.matched_by[0]) for one in found] == [
        "MATCHED_BY_NAME",
        "MATCHED_BY_NAME_BEGINS",
        "MATCHED_BY_NAME_SOUNDS",
    ]
    assert ids(find(desk, "larson", given_name="Ada", birth_date=to_date(day(0)))) == []


def test_ten_are_told_unless_more_are_asked_for_and_whether_there_are_more(desk: Desk) -> None:
    everybody = {desk.registered() for _ in range(12)}
    answer = desk.call(search.FindClientsRequest(text=SURNAME))
    assert (len(answer.clients), answer.more) == (10, True)
    whole = desk.call(search.FindClientsRequest(text=SURNAME, page_size=50))
    assert (set(ids(whole.clients)), whole.more) == (everybody, False)
    for wrong in (51, -1):
        with pytest.raises(Malformed):
            desk.call(search.FindClientsRequest(text=SURNAME, page_size=wrong))


def test_a_client_is_found_by_numbers(desk: Desk) -> None:
    client_id = desk.registered()
    assert find(desk, "member-4711") == []
    desk.covered(client_id)
    for asked in ({"words": "member-4711"}, {"member_number": "MEMBER 4711"}):
        assert ids(find(desk, **asked)) == [client_id]


def test_a_client_is_found_by_the_name_and_phone_of_now(desk: Desk) -> None:
    request = register()
    request.contacts.phone = "(312) 555-0142"
    client_id = desk.call(request).client_id
    assert ids(find(desk, "312-555-0142")) == ids(find(desk, phone="13125550142")) == [client_id]

    def changed(**contacts: str) -> None:
        said = {"contacts": pb.Contacts(**contacts)} if contacts else {}
        desk.call(
            pb.ChangePersonRequest(
                client_id=client_id,
                identity=identity(family_name="Zeuner"),
                changed_from=to_date(day(0)),
                **said,  # type: ignore[arg-type]
            )
        )

    changed(phone="312 555 0199")
    assert ids(find(desk, "zeuner 312-555-0199")) == [client_id]
    assert find(desk, SURNAME) == find(desk, "312-555-0142") == []
    changed()
    assert find(desk, "312-555-0199") == []
    assert ids(find(desk, "zeuner")) == [client_id]


def test_clients_of_other_sites_are_not_found(desk: Desk) -> None:
    here, there = desk.registered(), desk.registered(site_id=OTHER_SITE)
    assert ids(find(desk, SURNAME, HERE)) == [here]
    assert ids(find(desk, SURNAME, THERE)) == [there]
    assert set(ids(find(desk, SURNAME, HERE | THERE))) == {here, there}
    assert set(ids(find(desk, SURNAME))) == {here, there}
    assert ids(find(desk, SURNAME, site_id=OTHER_SITE)) == [there]


def test_a_client_is_found_where_they_are(desk: Desk) -> None:
    client_id = desk.registered()
    episode_id = desk.admitted(client_id, site_id=OTHER_SITE)
    assert ids(find(desk, SURNAME, HERE)) == []
    [found] = find(desk, SURNAME, THERE)
    assert (found.client.site_id, found.client.active) == (OTHER_SITE, True)
    close(desk, client_id, episode_id)
    desk.now += timedelta(days=9)
    desk.admitted(client_id, admitted_on=to_date(day(9)))
    assert ids(find(desk, SURNAME, THERE)) == []
    [found] = find(desk, SURNAME, HERE)
    assert (found.client.site_id, found.client.active) == (SITE, True)


def close(desk: Desk, client_id: str, episode_id: str) -> None:
    desk.told(
        plans.ClientDischarged(
            client_id=client_id, episode_id=episode_id, discharged_on=to_date(day(8))
        )
    )
    desk.pending_work.drain()


def test_of_a_client_without_a_site_the_network_alone_is_told(desk: Desk) -> None:
    client_id = desk.registered()
    with as_owner(desk.store) as tx:
        tx.execute("UPDATE registration SET site_id = NULL")
        index.follow_person(tx, client_id)
    assert ids(find(desk, SURNAME, HERE)) == []
    assert ids(find(desk, SURNAME)) == [client_id]


def test_tokens_are_of_what_is_sealed_now(desk: Desk) -> None:
    client_id = desk.registered()
    with desk.store.transaction() as tx:
        sealed = pb.Identity(family_name="Zeuner", birth_date=to_date(day(0)))
        tx.documents.put(f"client/{client_id}", "identity", sealed.SerializeToString())
    assert ids(find(desk, SURNAME)) == [client_id]
    desk.consented(client_id)  # whatever is recorded of the client
    assert (ids(find(desk, SURNAME)), ids(find(desk, "zeuner"))) == ([], [client_id])


def test_tokens_say_nothing_without_the_key_and_another_thing_at_each_site(desk: Desk) -> None:
    one = desk.registered()
    other = desk.registered(site_id=OTHER_SITE)
    tokens = {
        client_id: {
            bytes(row.token)
            for row in desk.rows(f"SELECT token FROM search_token WHERE client_id = '{client_id}'")
        }
        for client_id in (one, other)
    }
    assert len(tokens[one]) == len(tokens[other]) > 5
    assert tokens[one].isdisjoint(tokens[other])
    assert {len(token) for token in tokens[one]} == {index.TOKEN_BYTES}
    [key] = desk.rows("SELECT kind, version FROM document WHERE owner = 'search'")
    assert tuple(key) == ("key", 1)


def test_who_is_forgotten_is_found_no_more_nor_after_a_restore(
    new_store: Callable[[Service], Store],
) -> None:
    desk = Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)
    client_id, other = desk.registered(), desk.registered(given_name="Grace")
    kept = desk.rows(f"SELECT token FROM search_token WHERE client_id = '{client_id}'")
    long_after(desk)
    ask(desk, client_id)
    agree(desk, client_id)
    # From that moment on, whenever the key is destroyed.
    assert ids(find(desk, SURNAME)) == [other]
    desk.drainer().drain()
    # A database of before the forgetting: the key store's register forgets again.
    with as_owner(desk.store) as tx:
        tx.execute("DELETE FROM forgotten_owner")
        for (token,) in kept:
            tx.execute("INSERT INTO search_token VALUES (:t, :c)", t=bytes(token), c=client_id)
        tx.execute(
            "INSERT INTO likeness VALUES (:c, 'x', now()) ON CONFLICT DO NOTHING", c=client_id
        )
    apply_registers(desk.store.engine, desk.store.vault.keys)
    for table in ("search_token", "likeness"):
        assert desk.rows(f"SELECT FROM {table} WHERE client_id = '{client_id}'") == []
    assert ids(find(desk, SURNAME)) == [other]


def test_clients_of_before_are_made_findable_by_the_stream_and_after_a_kill_too(
    desk: Desk,
) -> None:
    clients = {desk.registered() for _ in range(3)}
    desk.pending_work.drain()
    with as_owner(desk.store) as tx:  # as a release before left it
        for statement in (
            "DELETE FROM search_token",
            "DELETE FROM command WHERE actor LIKE 'reaction/%'",
            "DELETE FROM due_reaction",
            "DELETE FROM heard_fact WHERE topic = 'ninehours.intake.v1'",
        ):
            tx.connection.execute(text(statement))
    assert find(desk, SURNAME) == []
    left = 3

    def kill(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    Inbox(desk.store, SUBSCRIPTIONS, signatures_of()).begin([])
    with pytest.raises(Killed):
        desk.drainer(barrier=kill).drain()
    assert len(find(desk, SURNAME)) < 3
    desk.drainer().drain()
    assert set(ids(find(desk, SURNAME))) == clients


class Killed(BaseException):
    """As by kill -9."""


def test_a_question_reads_no_table_of_clients_from_end_to_end(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    with as_owner(desk.store) as tx:
        tx.execute(
            "INSERT INTO search_token SELECT decode(md5(CAST(n % 20000 AS text)), 'hex'),"
            " gen_random_uuid() FROM generate_series(1, 100000) AS n"
        )
        tx.execute(
            "INSERT INTO registration SELECT DISTINCT client_id, CAST(:site AS uuid)"
            " FROM search_token ON CONFLICT DO NOTHING",
            site=SITE,
        )
        tx.execute(
            "INSERT INTO episode (client_id, program_id, episode_id, under_part2, site_id,"
            " program_kind, level_of_care, admitted_on) SELECT DISTINCT ON (client_id) client_id,"
            " CAST(:program AS uuid), gen_random_uuid(), true, CAST(:site AS uuid), 'DUAL', '2.1',"
            " CAST('2026-01-01' AS date) FROM search_token ON CONFLICT DO NOTHING",
            site=SITE,
            program=PROGRAM,
        )
    with as_owner(desk.store) as tx:
        for table in ("search_token", "registration", "episode"):
            tx.execute(f"ANALYZE {table}")
        parts = parts_of(ClientsSought(text="ada wolfe 1984-02-29"))
        asked = question(index.SearchTokens(tx), parts, HERE | THERE, HERE | THERE)
        explained = tx.execute(f"EXPLAIN {asked.statement}", **asked.parameters, most=11)
        plan = "\n".join(explained.scalars().all())
    scanned = [line for line in plan.splitlines() if "Seq Scan" in line]
    assert scanned == []
    assert "Index" in plan
    assert ids(find(desk, "ada wolfe 1984-02-29")) == [client_id]
