"""A claim leaves only on a permit, and one number orders it with what takes consent and dates away.

Intake is real here: its servicer, its locks, its published log; billing hears it when a test says.
"""

import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events
from sqlalchemy.exc import DBAPIError

from kernel.facts import derived_id
from kernel.process import Service
from kernel.refusal import Stale
from kernel.store.statements import text
from kernel.store.store import Store
from operations.verifying.examination import Examination
from services.billing.__main__ import SERVICE as BILLING
from services.billing.adapters.checks import claims_left_on_their_permits
from services.billing.adapters.publication import publish
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.billing.history import day
from tests.harness.billing.service import NOW, Office
from tests.harness.billing.with_intake import NOT_PART2, House
from tests.harness.intake.service import Desk
from tests.harness.kernel.owner import as_owner, owning
from tests.harness.signing import signatures_of

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(omitted.client_id, omitted.reason) for omitted in answer.left_out]


def disclosed(house: House) -> events.Disclosed:
    """The one that was published."""
    [row] = house.office.query(
        "SELECT body FROM published WHERE type = :type",
        type=events.Disclosed.DESCRIPTOR.full_name,
    )
    return events.Disclosed.FromString(bytes(row.body))


def in_thread(do: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Begun, and what it gave once it ended."""
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(do()))
    thread.start()
    return thread, given


def wait_for_lock(house: House, waiting: threading.Thread) -> None:
    """Until one of intake's connections waits for another, or for the audit's table."""
    while not house.desk.rows("SELECT FROM pg_locks WHERE NOT granted"):
        assert waiting.is_alive()


def test_a_claim_leaves_on_the_consent_that_holds(house: House) -> None:
    client_id = house.admit()
    answer = house.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (1, [])
    assert disclosed(house).consent_id == house.consent_of(client_id)


def test_a_consent_revoked_after_intake_answered_is_not_acted_on(house: House) -> None:
    client_id = house.admit()

    def revoked() -> None:
        house.permitted = lambda: None
        house.revoke(client_id)
        house.relay()

    house.permitted = revoked
    answer = house.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (0, [(client_id, "REVOKED_AFTER_SERVICE")])


def test_nothing_is_revoked_between_judging_the_consent_and_answering(house: House) -> None:
    """Held at the audit's table: revoking waits, or what it revoked doesn't leave any more."""
    client_id = house.admit()
    with owning(house.desk.store).engine.connect() as holding:
        holding.exec_driver_sql("LOCK TABLE identity_audit IN ACCESS EXCLUSIVE MODE")
        issuing, answers = in_thread(lambda: house.office.issue(day(6)))
        wait_for_lock(house, issuing)
        revoking, revoked = in_thread(lambda: house.revoke(client_id))
        while not revoked and not len(_waiting(house)) > 1:
            assert revoking.is_alive() or revoked
        acknowledged = list(revoked)
        house.relay()
        holding.rollback()
    issuing.join()
    revoking.join()
    if acknowledged:
        assert answers[0].claims == 0
    else:
        assert [earlier_permit.permit_id for earlier_permit in revoked[0].earlier_permits] != []


def _waiting(house: House) -> list[Any]:
    return house.desk.rows(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )


@pytest.mark.parametrize("taken", ["dates", "coverage"])
def test_what_intake_knew_when_it_permitted_must_have_been_heard(house: House, taken: str) -> None:
    client_id = house.admit(under_part2=NOT_PART2)
    if taken == "dates":
        house.restrict(client_id)
    else:
        house.cover(client_id, member_number="NEWER")
    answer = house.office.issue(day(6), command="too early")
    assert (answer.claims, left_out(answer)) == (0, [(client_id, "NOT_SETTLED")])
    house.relay()
    answer = house.office.issue(day(6), command="heard")
    assert left_out(answer) == []


def test_a_claim_keeps_its_permit_and_who_revokes_is_told_of_it(house: House) -> None:
    client_id = house.admit()
    house.office.issue(day(6))
    left = disclosed(house)
    [head] = house.desk.rows(f"SELECT last FROM sequence WHERE subject = 'client/{client_id}'")
    assert left.permit_sequence == head.last
    [permit] = house.revoke(client_id).earlier_permits
    assert permit.permit_id == left.permit_id
    assert (permit.sequence, permit.consent_id) == (head.last, house.consent_of(client_id))


def found(house: House) -> list[tuple[str, str]]:
    """What billing's own check of permits finds: reason and claim."""
    store = house.office.store
    with store.snapshot() as tx:
        examination = Examination(
            store=store,
            connection=tx.connection,
            subscriptions=SUBSCRIPTIONS,
            signatures=signatures_of(),
            publish=publish,
            owners={},
            heads={},
            kafka=lambda: iter(()),
        )
        findings = list(claims_left_on_their_permits(examination))
        assert examination.looked_at == len(house.office.claims())
    return [(finding.reason, finding.about) for finding in findings]


def issued_with(house: House, **changes: Any) -> None:
    """Every issued claim says something else of its permit; of another place, no fact."""
    if "permit_sequence" in changes:
        changes["permit_fact_id"] = ""
    with as_owner(house.office.store) as tx:
        tx.connection.execute(
            text("UPDATE fact SET body = body || :changes WHERE type = 'billing.claim_issued.v1'"),
            {"changes": json.dumps(changes)},
        )


def test_verify_compares_each_permit_with_what_was_revoked_and_restricted(house: House) -> None:
    client_id = house.admit()
    house.office.issue(day(6))
    house.office.pending_work.drain()
    house.revoke(client_id)
    house.restrict(client_id)
    house.relay()
    assert found(house) == []
    about = f"client/{client_id}"
    head = house.desk.rows(f"SELECT last FROM sequence WHERE subject = '{about}'")[0].last
    issued_with(house, permit_sequence=head - 1)
    assert found(house) == [("LEFT_WITHOUT_CONSENT", about)]
    issued_with(house, permit_sequence=head)
    assert found(house) == [("LEFT_WITHOUT_CONSENT", about), ("LEFT_RESTRICTED", about)]
    issued_with(house, permit_sequence=head + 1)
    assert ("PERMIT_NOT_HEARD", about) in found(house)
    issued_with(house, permit_sequence=0)
    assert found(house) == [("LEFT_WITHOUT_CONSENT", about)]  # not given yet


def test_verify_judges_claims_of_before_permits_by_their_time(house: House) -> None:
    client_id = house.admit()
    house.office.issue(day(6))
    house.office.pending_work.drain()
    house.desk.now += timedelta(hours=1)
    house.revoke(client_id)
    house.relay()
    issued_with(house, permit_sequence=0, permit_id="")
    assert found(house) == []
    with as_owner(house.office.store) as tx:
        tx.connection.execute(text("UPDATE fact SET at = at + interval '2 hours'"))
    assert found(house) == [("LEFT_WITHOUT_CONSENT", f"client/{client_id}")]


ROUNDS, CLIENTS = int(os.environ.get("NINEHOURS_ROUNDS", "8")), 5
Permitted = dict[str, set[str]]


def kill_somebody(store: Store, chance: random.Random) -> None:
    """One of the database's connections is gone, whatever it was doing."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " ORDER BY md5(pid::text || %s) LIMIT 1",
            (str(chance.random()),),
        )


def insist(do: Callable[[], Any]) -> Any:
    """Until it was answered: whose connection is killed asks again, as every caller does."""
    while True:
        try:
            return do()
        except (DBAPIError, Stale):
            continue


def assert_ordered(house: House, permitted: Mapping[str, set[str]]) -> Counter[str]:
    """No claim left but on a permit that who revoked was told of; gives how many left of whom."""
    claims = house.office.query(
        "SELECT body FROM fact WHERE type = 'billing.claim_issued.v1' ORDER BY stream"
    )
    for row in claims:
        assert row.body["permit_id"] in permitted[row.body["client_id"]]
    assert found(house) == []
    return Counter(row.body["client_id"] for row in claims)


def test_interleavings_with_kills_leave_nothing_behind_a_revocation(house: House) -> None:
    """Issuing, revoking, hearing and killing at once: so many clients, in each of so many rounds.

    Half a thousand interleavings: NINEHOURS_ROUNDS=100.
    """
    assert 0 < play(house, ROUNDS, by_threads) < ROUNDS * CLIENTS


def test_twenty_issuing_processes_killed_leave_nothing_behind_a_revocation(house: House) -> None:
    play(house, 20, by_a_process)


def play(
    house: House, rounds: int, play_round: Callable[[House, random.Random, int, Permitted], None]
) -> int:
    """Everybody's consent is revoked while claims are issued, and given anew; who was billed comes
    on the next day. Gives how many claims left.
    """
    house.desk.now = house.office.now = NOW + timedelta(days=40)
    chance = random.Random(9)
    days = {house.admit(days=(0,), units=rounds): 0 for _ in range(CLIENTS)}
    permitted: Permitted = {client_id: set() for client_id in days}
    for number in range(rounds):
        play_round(house, chance, number, permitted)
        insist(house.relay)
        issued = assert_ordered(house, permitted)
        again = [client_id for client_id in days if issued[client_id] > days[client_id]]
        days |= {client_id: issued[client_id] for client_id in again}
        for client_id in days:
            house.consent(client_id)
        records = [
            record
            for client_id in again
            for record in house.story.attended(client_id, [day(days[client_id] % 40)])
        ]
        house.office.hear(records)
        house.relay()
    return sum(days.values())


def revoke_all(
    house: House, chance: random.Random, number: int, permitted: Permitted
) -> Callable[[], None]:
    """Of each client in turn; what was permitted before is kept."""
    order = chance.sample(sorted(permitted), CLIENTS)

    def revoke() -> None:
        for client_id in order:
            command_id = str(derived_id("revoke", client_id, number))
            consent_id = insist(lambda: house.consent_of(client_id))  # noqa: B023
            answer = insist(lambda: house.revoke(client_id, consent_id, command_id))  # noqa: B023
            permitted[client_id] |= {
                earlier_permit.permit_id for earlier_permit in answer.earlier_permits
            }

    return revoke


def by_threads(house: House, chance: random.Random, number: int, permitted: Permitted) -> None:
    """Connections are terminated, and whose was asks again."""
    stores = [chance.choice([house.desk.store, house.office.store]) for _ in range(2)]

    def kill() -> None:
        for store in stores:
            insist(lambda: kill_somebody(store, chance))  # noqa: B023

    doing = [
        lambda: insist(lambda: house.office.issue(day(50), command=f"round {number}")),
        revoke_all(house, chance, number, permitted),
        lambda: insist(house.relay),
        kill,
    ]
    threads = [in_thread(step)[0] for step in chance.sample(doing, len(doing))]
    for thread in threads:
        thread.join()


def by_a_process(house: House, chance: random.Random, number: int, permitted: Permitted) -> None:
    """Who issues is killed at any moment, and nobody asks again."""
    for store in (house.desk.store, house.office.store):
        store.close()
    issuing = os.fork()
    if not issuing:
        try:
            house.office.issue(day(50), command=f"round {number}")
        finally:
            os._exit(0)
    revoking, _ = in_thread(revoke_all(house, chance, number, permitted))
    for _ in range(chance.randrange(4)):
        house.relay()
    os.kill(issuing, signal.SIGKILL)
    os.waitpid(issuing, 0)
    revoking.join()


# An intake restored to an earlier point, its epoch not raised


def restore_intake(house: House, client_id: str) -> None:
    """To before the last fact of the client's log."""
    about = f"client/{client_id}"
    with as_owner(house.desk.store) as tx:
        for change in (
            "DELETE FROM fact WHERE stream = :about"
            " AND version = (SELECT max(version) FROM fact WHERE stream = :about)",
            "DELETE FROM published WHERE subject = :about"
            " AND sequence = (SELECT last FROM sequence WHERE subject = :about)",
            "UPDATE sequence SET last = last - 1, last_id = (SELECT id FROM published"
            " WHERE subject = :about ORDER BY sequence DESC LIMIT 1) WHERE subject = :about",
        ):
            tx.connection.execute(text(change), {"about": about})


def test_a_permit_of_another_history_than_was_heard_lets_nothing_leave(house: House) -> None:
    """A restriction is acknowledged under the number of a consent that was heard, and is gone."""
    client_id = house.admit()
    house.consent(client_id)
    house.relay()
    restore_intake(house, client_id)
    house.restrict(client_id)
    answer = house.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (0, [(client_id, "NOT_SETTLED")])


def test_verify_finds_a_claim_that_left_on_another_history_than_was_heard(house: House) -> None:
    client_id = house.admit()
    house.office.issue(day(6))
    house.office.pending_work.drain()
    [claim] = house.office.query("SELECT body FROM fact WHERE type = 'billing.claim_issued.v1'")
    [head] = house.desk.rows(f"SELECT last_id FROM sequence WHERE subject = 'client/{client_id}'")
    assert claim.body["permit_fact_id"] == str(head.last_id) == disclosed(house).permit_fact_id
    assert found(house) == []
    house.consent(client_id)  # heard on, the permit's last fact is one of before
    house.relay()
    assert found(house) == []
    issued_with(house, permit_fact_id=str(derived_id("another")))
    assert found(house) == [("PERMIT_OF_ANOTHER_HISTORY", f"client/{client_id}")]
