"""`verify` on the played story: it finds nothing, and then each wrong that is done to it, by name.

The streams are frozen meanwhile: alive, they would mend some of it. (Slow: it starts once more.)
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import operating_service_pb2 as pb

from kernel.rpc.client import Client
from kernel.rpc.tokens import Issuer
from kernel.rpc.translate import to_date
from kernel.secrets import PEOPLE
from ninehours.local.system import LocalSystem
from ninehours.story.settling import SERVICES
from tests.kernel.made import until
from tests.system.played import Played, connect
from tests.system.verified import Operator
from tests.system.wrongs import WRONGS, Connection

pytestmark = pytest.mark.timeout(600)
BILLING = billing.DESCRIPTOR.services_by_name["BillingService"]


@pytest.fixture(scope="module")
def system(calm: Played) -> Iterator[LocalSystem]:
    """The story's system, started again."""
    with LocalSystem(calm.data, progress=lambda _: None) as system:
        yield system


@pytest.fixture(scope="module")
def operator(system: LocalSystem) -> Operator:
    return Operator(system.addresses, system.secrets_dir)


@contextmanager
def frozen_streams(system: LocalSystem) -> Iterator[None]:
    streams = [pid for name, pid in system.processes.items() if name.endswith("-stream")]
    assert len(streams) == 3
    for pid in streams:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in streams:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def database(system: LocalSystem, service: str) -> Iterator[Connection]:
    with connect(system, service) as connection:
        connection.autocommit = True
        yield connection


@pytest.mark.parametrize("name", WRONGS)
def test_each_wrong_is_found_and_named(system: LocalSystem, operator: Operator, name: str) -> None:
    wrong = WRONGS[name]
    with frozen_streams(system), database(system, wrong.service) as connection:
        with wrong.do(connection) as named:
            found = operator.findings(wrong.service)
        assert [f for f in found if f.startswith(f"{wrong.reason} {named}")], found


def test_a_lost_due_key_is_found_and_a_rebuild_mends_it(
    system: LocalSystem, operator: Operator
) -> None:
    """A new fee makes everybody due; the keys are deleted before anybody derives."""
    with database(system, "billing") as connection:
        with frozen_streams(system):
            set_fee(system)
            lost = connection.execute("DELETE FROM due RETURNING key").fetchall()
            assert len(lost) > 50
            found = operator.findings("billing")
        assert found
        assert {each.split(" ")[0] for each in found} == {"DUE_LOST"}
        clients = {row["key"] for row in lost}
        assert {each.split(" ")[1].rstrip(":") for each in found} <= clients
        begun = operator.client("billing").Rebuild(pb.RebuildRequest())
        assert begun.due == len(clients)

        def derived() -> bool:
            return operator.client("billing").CountDerived(pb.CountDerivedRequest()).due == 0

        until(derived)
        until(lambda: operator.findings("billing") == [])


def test_what_was_undone_left_nothing_to_find(operator: Operator) -> None:
    for service in SERVICES:
        assert operator.findings(service) == []


def set_fee(system: LocalSystem) -> None:
    """A provider's fee, from the middle of the story on."""
    with database(system, "billing") as connection:
        row = connection.execute(
            "SELECT body FROM fact WHERE type = 'billing.fee_set.v1'"
            " AND body->>'code' = 'H0015' ORDER BY stream LIMIT 1"
        ).fetchone()
    assert row is not None
    token = Issuer(system.secrets_dir, PEOPLE).token(
        "person/biller", ["biller"], ["*"], "PAYMENT", timedelta(minutes=5)
    )
    client = Client(system.addresses["billing"], BILLING, token=lambda: token)
    client.SetFee(
        billing.SetFeeRequest(
            meta=common.CommandMeta(command_id=str(uuid4())),
            provider_id=row["body"]["provider_id"],
            code="H0015",
            charge=common.Money(currency_code="USD", minor_units=12_345),
            effective_from=to_date(date(2026, 1, 2)),
        )
    )
    client.close()
