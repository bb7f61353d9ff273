"""Issuing asks the owners for what a draft rests on: real logs, each answered over gRPC."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from kernel.messaging.envelope import Record, read_envelope
from kernel.messaging.owners import OwnersConfirm
from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from tests.billing.test_convergence import Listener
from tests.harness.billing.history import day
from tests.harness.billing.owners import CLIENTS, Owners, owners
from tests.harness.billing.service import Office
from tests.harness.signing import signed

NewStore = Callable[[Service], Store]
BOB = CLIENTS[1]


@pytest.fixture
def others(new_store: NewStore, secrets_dir: Path) -> Iterator[Owners]:
    office = Office(new_store(SERVICE))
    office.register()  # only to learn the payer's id, which is the same in every office
    with owners(new_store, secrets_dir, office.payer_id) as found:
        yield found


@pytest.fixture
def listener(new_store: NewStore, others: Owners) -> Listener:
    found = Listener(new_store(SERVICE), others).tidy(others.records())
    found.office.issue_with(found.office.identities, OwnersConfirm(others.remotes))
    return found


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(omitted.client_id, omitted.reason) for omitted in answer.left_out]


def forged(others: Owners, client_id: str, number: int) -> Record:
    """The next fact of the client's log, with a new id, that attendance never published.

    By somebody who has attendance's key.

    It says that the client, who left early that day, stayed for three hours.
    """
    told = [
        (record, read_envelope(record.headers))
        for record in others.records()
        if record.topic == others.stores["attendance"].topic
        and record.headers["ce_subject"] == f"client/{client_id}".encode()
    ]
    [*_, (record, last)] = told
    message = attendance.AttendanceCorrected(
        client_id=client_id,
        session_id=others.sessions[number],
        site_id=others.site_id,
        service_date=to_date(day(number)),
        correction=1,
        attended=True,
        minutes=180,
    )
    kind = message.DESCRIPTOR.full_name
    envelope = replace(last, id=uuid4(), sequence=last.sequence + 1, type=kind)
    return signed(replace(record, headers=envelope.headers(), body=message.SerializeToString()))


def test_what_its_owners_confirm_leaves(listener: Listener) -> None:
    answer = listener.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (2, [])


def test_a_fact_that_its_owner_never_published_keeps_the_claim_in_the_house(
    listener: Listener, others: Owners
) -> None:
    listener.office.hear([forged(others, BOB, 3)])
    billed = [
        content["outcome"]
        for content in listener.office.of_kind("service_day")
        if (content["client_id"], content["service_date"]) == (BOB, day(3).isoformat())
    ]
    assert billed == ["PER_DIEM"]
    answer = listener.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (1, [(BOB, "NOT_CHECKED")])


def test_a_heard_fact_that_is_not_as_its_owner_published_it_keeps_the_claim_in_the_house(
    listener: Listener,
) -> None:
    with listener.office.store.transaction() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE heard_fact SET label = 'NOTES' WHERE id = (SELECT id FROM heard_fact"
            " WHERE subject = %s AND type LIKE '%%SessionAttended' ORDER BY sequence LIMIT 1)",
            (f"client/{BOB}",),
        )
    answer = listener.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (1, [(BOB, "NOT_CHECKED")])


def test_an_owner_that_is_away_is_waited_for_and_nothing_is_left_out(
    new_store: NewStore, secrets_dir: Path
) -> None:
    office = Office(new_store(SERVICE))
    office.register()
    with owners(new_store, secrets_dir, office.payer_id) as others:
        found = Listener(office.store, others).tidy(others.records())
        found.office.issue_with(found.office.identities, OwnersConfirm(others.remotes))
    with pytest.raises(Exception, match="closed channel"):
        found.office.issue(day(6), command="away")
    assert found.office.claims() == []


def test_a_correction_rests_on_what_owners_confirm_too(listener: Listener, others: Owners) -> None:
    listener.office.issue(day(6))
    listener.office.pending_work.drain()
    for claim in listener.office.claims():
        listener.office.adjudicate(claim.claim_id)
    correction = forged(others, BOB, 2)
    message = attendance.AttendanceCorrected.FromString(correction.body)
    message.ClearField("attended")
    message.ClearField("minutes")
    listener.office.hear([signed(replace(correction, body=message.SerializeToString()))])
    assert [proposal["state"] for proposal in listener.office.of_kind("proposal")] == ["READY"]
    answer = listener.office.correct()
    assert (answer.replaced, left_out(answer)) == (0, [(BOB, "NOT_CHECKED")])
