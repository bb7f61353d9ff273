"""Every reading that is audited is entered before it is answered, and every refusal of one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.exchange.v1 import read_audit_service_pb2 as audit
from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import search_service_pb2 as search

from kernel.process import Service
from kernel.store.store import Store
from operations.read_audit import SERVICE as READ_AUDIT
from operations.read_audit import ReadAuditServicer
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.intake.service import SITE, SURNAME, Desk
from tests.harness.kernel.owner import as_owner
from tests.whose.served import Ask, served

ELSEWHERE = "51000000-0000-4000-8000-00000000000e"
DESK, BILLER = ("front_desk", "OPERATIONS"), ("biller", "PAYMENT")
OFFICER = ("administrator", "OPERATIONS")
Entry = tuple[str, str, str, str]


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> Desk:
    return Desk(new_store(INTAKE))


@pytest.fixture
def ask(desk: Desk, secrets_dir: Path) -> Iterator[Ask]:
    servicers = {**desk.servicers, READ_AUDIT: ReadAuditServicer(desk.store)}
    with served(INTAKE, desk.store, servicers, secrets_dir) as asked:
        yield asked


def entered(desk: Desk) -> list[tuple[Any, ...]]:
    return [
        (row.rpc.rpartition("/")[2], row.client_id, row.outcome)
        for row in desk.rows("SELECT rpc, client_id::text, outcome FROM read_audit ORDER BY number")
    ]


def reads(ask: Ask, client_id: str, **asked: Any) -> list[Entry]:
    answer = ask(audit.ListReadsRequest(client_id=client_id, **asked), *OFFICER, "*")
    return [
        (read.rpc.rpartition("/")[2], read.actor, read.purpose, read.outcome)
        for read in answer.reads
    ]


def test_who_read_of_a_client_is_told_newest_first_and_that_somebody_asked(
    desk: Desk, ask: Ask
) -> None:
    client_id, other = desk.registered(), desk.registered(given_name="Grace")
    both = chart.NameClientsRequest(client_ids=[client_id, other])
    assert ask(chart.ReadPersonRequest(client_id=client_id), *DESK, SITE).identity
    assert ask(both, *BILLER, SITE, by="person/bo").clients
    found = [
        ("NameClients", "person/bo", "PAYMENT", "ANSWERED"),
        ("ReadPerson", "person/ada", "OPERATIONS", "ANSWERED"),
    ]
    assert reads(ask, client_id) == found
    assert reads(ask, client_id) == [
        ("ListReads", "person/ada", "OPERATIONS", "ANSWERED"),
        *found,
    ]
    assert reads(ask, other) == found[:1]


def test_refusals_are_entered_with_whom_they_were_about(desk: Desk, ask: Ask) -> None:
    client_id, unknown = desk.registered(), str(uuid4())
    person = chart.ReadPersonRequest(client_id=client_id)
    for request, *caller in (
        (person, "operator", "OPERATIONS", "*"),
        (person, *DESK, ELSEWHERE),
        (person, "biller", "TREATMENT", SITE),
        (chart.ReadPersonRequest(client_id=unknown), *DESK, "*"),
        (chart.ListAssessmentsRequest(client_id=client_id), "clinician", "TREATMENT", SITE),
        (chart.ReadPersonRequest(client_id="nonsense"), *DESK, SITE),
    ):
        ask(request, *caller)
    assert entered(desk) == [
        ("ReadPerson", client_id, "ROLE_NOT_ALLOWED"),
        ("ReadPerson", client_id, "SITE_NOT_ALLOWED"),
        ("ReadPerson", client_id, "PURPOSE_NOT_ALLOWED"),
        ("ReadPerson", unknown, "CLIENT_UNKNOWN"),
        ("ListAssessments", client_id, "NOT_CREDENTIALED"),
        ("ReadPerson", None, "MALFORMED"),
    ]


def test_a_reading_that_cannot_be_entered_is_not_answered(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    with as_owner(desk.store) as tx:
        tx.execute("DROP TABLE read_audit")
    answer = ask(chart.ReadPersonRequest(client_id=client_id), *DESK, SITE)
    assert answer == "INTERNAL"
    assert ask(chart.ReadPersonRequest(client_id=client_id), *DESK, ELSEWHERE) == "INTERNAL"
    # What isn't audited goes on.
    assert ask(chart.ListInstrumentsRequest(site_id=SITE), *DESK, SITE).instruments


def test_purpose_and_role_go_together(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    person = chart.ReadPersonRequest(client_id=client_id)
    for role, purposes in (
        ("front_desk", {"TREATMENT", "PAYMENT", "OPERATIONS"}),
        ("clinician", {"TREATMENT", "OPERATIONS"}),
        ("biller", {"PAYMENT", "OPERATIONS"}),
    ):
        answered = {
            purpose
            for purpose in ("TREATMENT", "PAYMENT", "OPERATIONS")
            if ask(person, role, purpose, SITE) != "PURPOSE_NOT_ALLOWED"
        }
        assert answered == purposes, role


def test_reads_are_for_an_administrator_page_by_page(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    for _ in range(3):
        ask(chart.ReadPersonRequest(client_id=client_id), *DESK, SITE)
    request = audit.ListReadsRequest(client_id=client_id, page_size=2)
    assert ask(request, "clinician", "OPERATIONS", "*") == "ROLE_NOT_ALLOWED"
    first = ask(request, *OFFICER, SITE)
    request.page_token = first.next_page_token
    second = ask(request, *OFFICER, SITE)
    names = [read.rpc.rpartition("/")[2] for read in [*first.reads, *second.reads]]
    assert names == ["ListReads", "ReadPerson", "ReadPerson", "ReadPerson"]
    assert (
        ask(audit.ListReadsRequest(client_id=client_id), *OFFICER, ELSEWHERE) == "SITE_NOT_ALLOWED"
    )


def test_the_audit_names_nobody_but_by_id(desk: Desk, ask: Ask) -> None:
    client_id = desk.registered()
    assert SURNAME in str(ask(chart.ReadPersonRequest(client_id=client_id), *DESK, SITE))
    assert SURNAME not in str(desk.rows("SELECT * FROM read_audit"))


def test_a_search_is_entered_with_each_client_it_named_and_without_any(
    desk: Desk, ask: Ask
) -> None:
    both = {desk.registered(), desk.registered(given_name="Grace")}
    assert len(ask(search.FindClientsRequest(text=SURNAME), *DESK, SITE).clients) == 2
    assert not ask(search.FindClientsRequest(text="nobody"), *DESK, SITE).clients
    assert not ask(search.FindClientsRequest(text=SURNAME), *DESK, ELSEWHERE).clients
    assert ask(search.FindClientsRequest(), *DESK, SITE) == "MALFORMED"
    asked = ask(search.FindClientsRequest(text=SURNAME, site_id=ELSEWHERE), *DESK, SITE)
    assert asked == "SITE_NOT_ALLOWED"
    found = [("FindClients", client_id, "ANSWERED") for client_id in sorted(both)]
    assert entered(desk) == [
        *found,
        ("FindClients", None, "ANSWERED"),
        ("FindClients", None, "ANSWERED"),
        ("FindClients", None, "MALFORMED"),
        ("FindClients", None, "SITE_NOT_ALLOWED"),
    ]
    assert SURNAME not in str(desk.rows("SELECT * FROM read_audit"))
