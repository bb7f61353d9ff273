"""Replay over the whole story: what changes is what attended minutes say, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attendance_api
from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.rpc.call import Call
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import date_of, to_date
from kernel.services import topic_of
from kernel.store.database import open_database
from kernel.store.store import Store
from ninehours.local.databases import plain
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from ninehours.local.system import keys_database
from ninehours.story.network import PAYERS, PayerKey
from ninehours.story.rules import rules_of
from services.billing.adapters.pages import SqlPages
from services.billing.adapters.stored import FACTS
from services.billing.api.work import WorkServicer
from tests.harness.kernel.keys import vault_on
from tests.harness.signing import signer_of
from tests.system.played import Played

FIRST = date(2026, 1, 1)
MINIMUM = 180
ASIDE = ("INTAKE_EVALUATION", "PRESCRIBER_VISIT")
NAMES = {payer.key: payer.name for payer in PAYERS}
Minutes = dict[tuple[str, date], int]


@dataclass(frozen=True)
class Records:
    """Billing's answers on its record, and what attendance published."""

    answers: WorkServicer
    minutes: Minutes
    payers: dict[tuple[str, date], str]


@pytest.fixture(scope="module")
def records(calm: Played) -> Iterator[Records]:
    """The databases of the story, as its system left them; nothing else runs."""
    with LocalServers(calm.data, kafka=False) as servers:
        logins = servers.create_databases("billing", "attendance", keys_database("billing"))
        urls = {name: login.processes.url for name, login in logins.items()}
        secrets = MachineSecrets(servers.folder.secrets).folder_of("billing")
        store = Store(
            open_database(urls["billing"]),
            codec=FACTS,
            topic=topic_of("billing"),
            network="local",
            vault=vault_on(urls[keys_database("billing")], secrets, "billing"),
            signer=signer_of("billing"),
        )
        yield Records(
            answers=WorkServicer(store, SqlPages()),
            minutes=attended_minutes(urls["attendance"]),
            payers=payers_of_days(logins["billing"].migrations.url),
        )
        store.close()


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(plain(url)) as connection:
        return connection.execute(query.encode()).fetchall()


def payers_of_days(url: str) -> dict[tuple[str, date], str]:
    """Client and service date → who covers it."""
    found = rows(url, "SELECT client_id, service_date, payer_id FROM billing_views.service_days")
    return {(str(client), on): str(payer) for client, on, payer in found}


def attended_minutes(url: str) -> Minutes:
    """Client and date → minutes inside the per diem, by the last word on each session."""
    kinds: dict[str, str] = {}
    last: dict[tuple[str, str], tuple[int, date, int]] = {}
    for kind, body in rows(url, "SELECT type, body FROM published ORDER BY position"):
        name = kind.rpartition(".")[2]
        if name == "SessionScheduled":
            scheduled = attendance.SessionScheduled.FromString(body)
            kinds[scheduled.session_id] = attendance_api.ServiceKind.Name(scheduled.service_kind)
        elif name in ("SessionAttended", "AttendanceCorrected"):
            said = getattr(attendance, name).FromString(body)
            number = said.correction if name == "AttendanceCorrected" else 0
            key = (said.client_id, said.session_id)
            if number >= last.get(key, (0,))[0]:
                last[key] = (number, date_of(said, "service_date"), said.minutes)
    found: Minutes = {}
    for (client_id, session_id), (_, on, minutes) in last.items():
        if not kinds[session_id].endswith(ASIDE):
            found[client_id, on] = found.get((client_id, on), 0) + minutes
    return found


def replayed(records: Records, minimum: int) -> tuple[set[tuple[str, date]], Any]:
    """Client and date of days that change under another minimum, and the summary."""
    biller = Actor(
        id="person/biller", roles=frozenset({"biller"}), sites=frozenset({"*"}), purpose="PAYMENT"
    )
    call = Call(
        actor=biller,
        now=datetime.now(UTC),
        deadline=lambda: None,
        correlation_id="",
        traceparent="",
    )
    request = work.ReplayRequest(rule_set=rules_of(PayerKey.PER_DIEM, payer_id(records)))
    request.rule_set.per_diem.minimum_minutes = minimum
    request.first.CopyFrom(to_date(FIRST))
    *clients, end = records.answers.Replay(request, call)
    days = {
        (answer.client.client_id, date_of(day, "service_date"))
        for answer in clients
        for day in answer.client.days
    }
    return days, end.summary


def payer_id(records: Records) -> str:
    """Of the payer whose file of rules says so."""
    request, call = work.ListPayersRequest(), None
    listed = records.answers.ListPayers(request, call).payers
    [found] = [payer.payer_id for payer in listed if payer.name == NAMES[PayerKey.PER_DIEM]]
    return str(found)


def test_the_rules_of_the_story_replayed_change_nothing(records: Records) -> None:
    days, summary = replayed(records, MINIMUM)
    assert (days, summary.changed_days, summary.changed_claims) == (set(), 0, 0)
    assert summary.days > 300


@pytest.mark.parametrize("minimum", [60, 120, 181, 361])
def test_another_minimum_changes_exactly_the_days_whose_minutes_lie_between(
    records: Records, minimum: int
) -> None:
    payer = payer_id(records)
    low, high = sorted((minimum, MINIMUM))
    expected = {
        key
        for key, minutes in records.minutes.items()
        if records.payers.get(key) == payer and low <= minutes < high
    }
    # Nearly every day of this payer's has three hours, to the minute.
    assert expected or minimum < MINIMUM
    days, summary = replayed(records, minimum)
    assert days == expected
    assert summary.changed_days == len(expected)
