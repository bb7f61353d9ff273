"""Billing teams' views, read as the role that may read them: they agree with the lists, no more."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work
from psycopg import sql
from psycopg.rows import dict_row

from kernel.process import Service
from kernel.store.database import migrate, open_database
from ninehours.local.databases import BILLING_READER, plain
from ninehours.local.servers import LocalServers
from services.billing.__main__ import SERVICE
from tests.harness.billing.facts import COVERAGE, SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office, covered

CLIENT = "0c11e700-0000-4000-8000-000000000001"
OTHER = "0c11e700-0000-4000-8000-000000000002"
VIEWS = {"authorizations", "claim_lines", "claims", "holds", "proposals", "service_days"}
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def documented_grants(database: str) -> list[str]:
    """The statements of docs/operations.md, for this database."""
    [found] = re.findall(
        r"^```sql\n(CREATE ROLE ninehours_billing_reader.*?)^```",
        OPERATIONS.read_text(),
        re.M | re.S,
    )
    grants = found.replace("DATABASE billing ", f'DATABASE "{database}" ')
    return [grant for grant in grants.split(";\n") if grant]


@contextmanager
def connected(admin_url: str, database: str, **options: Any) -> Iterator[Any]:
    with psycopg.connect(
        plain(admin_url), dbname=database, autocommit=True, row_factory=dict_row, **options
    ) as connection:
        yield connection


def has_reader(admin: Any) -> bool:
    asked = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (BILLING_READER,))
    return asked.fetchone() is not None


@contextmanager
def as_reader(postgres: LocalServers, database: str) -> Iterator[Any]:
    """A login of its own that is a member of the reading role, and of nothing else."""
    login, password = f"tool_{uuid4().hex[:8]}", uuid4().hex
    with connected(postgres.admin_url, "postgres") as admin:
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                sql.Identifier(login), sql.Literal(password), sql.Identifier(BILLING_READER)
            )
        )
        try:
            with connected(
                postgres.admin_url, database, user=login, password=password
            ) as connection:
                yield connection
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


@pytest.fixture
def reader(office: Office, story: Story, postgres: LocalServers) -> Iterator[Any]:
    """An issued week to be corrected, a draft, holds; granted as the operations page says."""
    office.set_up(SITE, [CLIENT])
    for client_id in (CLIENT, OTHER):
        office.hear(story.admitted(client_id, office.payer_id))
        office.hear(story.attended(client_id, [day(0), day(2)]))
    office.identities.cover(office.payer_id, covered(CLIENT, COVERAGE))
    assert office.issue(day(6)).claims == 1
    office.hear(story.attended(CLIENT, [day(7)]))
    [claim] = office.claims(CLIENT)
    office.adjudicate(claim.claim_id)
    office.hear(story.corrected(CLIENT, day(2), 1, 30))
    database = str(office.store.engine.url.database)
    create, *grants = documented_grants(database)
    with connected(postgres.admin_url, database) as admin:
        if not has_reader(admin):
            admin.execute(create)
        for grant in grants:
            admin.execute(grant)
    with as_reader(postgres, database) as connection:
        yield connection


def rows(reader: Any, view: str) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT * FROM billing_views.{}").format(sql.Identifier(view))
    return list(reader.execute(query).fetchall())


def cents(amount: Any) -> int:
    return int(amount * 100)


def test_the_views_say_what_the_lists_say(reader: Any, office: Office) -> None:
    listed = office.call("ListClaims", pb.ListClaimsRequest()).claims
    viewed = rows(reader, "claims")
    told = [
        (pb.ClaimState.Name(c.state).removeprefix("CLAIM_STATE_"), c.charge.minor_units)
        for c in listed
    ]
    assert sorted((c["state"], cents(c["charge"])) for c in viewed) == sorted(told)
    [issued] = [shown for shown in viewed if shown["claim_id"]]
    assert str(issued["claim_id"]) == listed[0].claim_id
    assert (issued["adjudication"], issued["payer_control_number"]) == ("PAID", "PCN1")
    lines = rows(reader, "claim_lines")
    assert {line["row_id"] for line in lines} == {shown["row_id"] for shown in viewed}
    assert sum(line["charge"] for line in lines) == sum(shown["charge"] for shown in viewed)
    days = office.call("ListServiceDays", pb.ListServiceDaysRequest()).days
    assert {
        (str(d["client_id"]), d["service_date"].isoformat()) for d in rows(reader, "service_days")
    } == {
        (d.client_id, f"{d.service_date.year}-{d.service_date.month:02}-{d.service_date.day:02}")
        for d in days
    }
    holds = office.call("ListHolds", work.ListHoldsRequest()).holds
    assert sorted(cents(row["at_stake"]) for row in rows(reader, "holds")) == sorted(
        hold.at_stake.minor_units for hold in holds
    )
    assert [row["reasons"] for row in rows(reader, "holds")] == [["NO_AUTHORIZATION"]] * 2
    [proposal] = rows(reader, "proposals")
    assert (proposal["action"], proposal["state"]) == ("REPLACE", "READY")
    assert proposal["changed_dates"] == [day(2)]
    [authorization] = rows(reader, "authorizations")
    assert authorization["client_id"] == UUID(CLIENT)
    assert (authorization["units"], authorization["units_on_standing_claims"]) == (30, 2)


def test_a_proposal_says_what_it_waits_for(reader: Any, office: Office, story: Story) -> None:
    [proposal] = rows(reader, "proposals")
    assert proposal["waits_for"] == []
    office.hear(story.unsigned(CLIENT, day(0)))
    [proposal] = rows(reader, "proposals")
    assert (proposal["state"], proposal["waits_for"]) == ("AWAITING_RELEASE", ["NOTE_UNSIGNED"])


def test_the_reader_reads_the_views_and_nothing_else(reader: Any) -> None:
    readable = reader.execute(
        "SELECT n.nspname AS schema, c.relname AS name FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S', 'f')"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        " AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')"
        "      OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))"
    ).fetchall()
    assert {(relation["schema"], relation["name"]) for relation in readable} == {
        ("billing_views", view) for view in VIEWS
    }


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM document",
        "SELECT * FROM forgotten_owner",
        "SELECT * FROM fact",
        "SELECT * FROM published",
        "DELETE FROM billing_views.proposals",
        "UPDATE billing_views.proposals SET revision = 9",
        "CREATE TABLE billing_views.mine (a int)",
        "CREATE TABLE mine (a int)",
    ],
)
def test_what_the_reader_may_not_do_is_refused_by_the_database(reader: Any, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_nothing_sealed_stands_in_a_view(reader: Any) -> None:
    told = repr([rows(reader, view) for view in sorted(VIEWS)])
    for canary in ("Zyxwander", "Quorla", "Wobblecroft", "MEMB90210", "AUTHNUM4711"):
        assert canary not in told


def test_migrating_grants_the_views_to_a_role_that_is_there(
    postgres: LocalServers, new_store: Callable[[Service], Any]
) -> None:
    with connected(postgres.admin_url, "postgres") as admin:
        if not has_reader(admin):
            admin.execute(f"CREATE ROLE {BILLING_READER} NOLOGIN")
    name = f"views_{uuid4().hex[:8]}"
    engine = open_database(postgres.create_database(name).migrations.url)
    try:
        migrate(engine, [SERVICE.migrations])
        with as_reader(postgres, name) as connection:
            assert {view: rows(connection, view) for view in VIEWS} == {view: [] for view in VIEWS}
    finally:
        engine.dispose()
        postgres.drop_database(name)
