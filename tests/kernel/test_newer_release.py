"""What a newer release recorded, while an older one is at work beside it, or is back again.

What it says besides is kept as it was, whoever passes it on; what can't be read without it waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.process import Service
from kernel.refusal import AgainstTheRules
from kernel.rpc.remote_refusal import refusal_of
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.api import api, commanding, left_by_commands
from tests.harness.billing.service import provider
from tests.harness.intake.service import Desk, consent, register
from tests.harness.kernel.counters import ADA, COUNTER, Count, ask, context, executor_of
from tests.harness.kernel.owner import as_owner
from tests.harness.plans.treatments import rules
from tests.kernel.test_lost_answers import SITE

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_what_a_private_fact_says_besides_is_passed_over_and_stays_where_it_was(
    counting: Store,
) -> None:
    executor = executor_of(counting)
    executor.execute(COUNTER, "counter/1", Count(ADA, 60), context())
    with as_owner(counting) as tx:
        tx.execute("""UPDATE fact SET body = body || '{"amount_of": "tomorrow"}'""")
    [was] = ask(counting, "SELECT * FROM fact")
    with pytest.raises(AgainstTheRules):
        executor.execute(COUNTER, "counter/1", Count(ADA, 60), context())
    executor.execute(COUNTER, "counter/1", Count(ADA, 5), context())
    first, second = ask(counting, "SELECT * FROM fact ORDER BY version")
    assert first == was
    assert (first.body["amount_of"], second.body) == ("tomorrow", {"client": ADA, "amount": 5})


@dataclass(frozen=True, slots=True)
class Followed:
    """A fact of a service, and a command that rests on it: `then` is told what answered it."""

    service: Service
    stored_name: str
    first: Message
    then: Callable[[Any], Message]
    role: str
    purpose: str = "OPERATIONS"


FOLLOWED = (
    Followed(
        INTAKE,
        "intake.client_registered",
        register(),
        lambda registered: consent(registered.client_id),
        "front_desk",
        "TREATMENT",
    ),
    Followed(
        ATTENDANCE,
        "attendance.site_opened",
        SITE,
        lambda opened: attendance.OpenProgramRequest(
            site_id=opened.site_id,
            kind=common.PROGRAM_KIND_DUAL,
            governed_by=attendance.GOVERNED_BY_PART2,
        ),
        "administrator",
    ),
    Followed(
        PLANS,
        "plans.level_rules_proposed",
        plans.ProposeLevelRulesRequest(rules=rules()),
        lambda _: plans.ConfirmLevelRulesRequest(version=1),
        "clinician",
        "TREATMENT",
    ),
    Followed(
        BILLING,
        "billing.provider_registered",
        provider(),
        lambda registered: billing.SetFeeRequest(
            provider_id=registered.provider_id,
            code="H0015",
            charge=common.Money(currency_code="USD", minor_units=30_000),
            effective_from=common.Date(year=2026, month=1, day=1),
        ),
        "biller",
        "PAYMENT",
    ),
)


@pytest.mark.parametrize("followed", FOLLOWED, ids=[each.service.name for each in FOLLOWED])
def test_who_rests_on_a_fact_that_this_release_can_not_read_asks_again_until_another_answers(
    followed: Followed, new_store: Callable[[Service], Store], secrets_dir: Path
) -> None:
    store = new_store(followed.service)
    if followed.service is INTAKE:
        Desk(store)  # who heard of the site
    with api(followed.service, store, secrets_dir, NOW) as server:

        def called(request: Any, who: str) -> Any:
            role, purpose = followed.role, followed.purpose
            return server.send(request, who, role, purpose, again=True)

        request = commanding(followed.first)
        then = commanding(followed.then(called(request, "person/eve").result()))
        name_anew(store, f"{followed.stored_name}.v1", f"{followed.stored_name}.v2")
        before = left_by_commands(server.store)
        refused = refusal_of(called(then, "person/ada").exception())
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "FACT_UNREADABLE")
        assert left_by_commands(server.store) == before
        name_anew(store, f"{followed.stored_name}.v2", f"{followed.stored_name}.v1")
        assert called(then, "person/ada").result().HasField("receipt")
        assert len(left_by_commands(server.store)["fact"]) > len(before["fact"])


def name_anew(store: Store, name: str, other: str) -> None:
    """As releases of different words store it."""
    with as_owner(store) as tx:
        renamed = tx.execute(
            "UPDATE fact SET type = :other WHERE type = :name", name=name, other=other
        )
    assert renamed.rowcount == 1
