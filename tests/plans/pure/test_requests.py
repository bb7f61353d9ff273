"""What plans reads of a request, and of rules that it hears of."""

from datetime import UTC, date, datetime
from functools import partial
from uuid import uuid4

import pytest
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.codec import UnreadableFact
from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from services.plans.adapters.level_rules import to_level_rules
from services.plans.api.requests import to_arrange_aftercare, to_discharge

OF_THE_CALL = {"actor": "staff/1", "now": datetime(2026, 3, 2, tzinfo=UTC)}


AFTERCARE = partial(to_arrange_aftercare, aftercare_id=str(uuid4()))


@pytest.mark.parametrize(
    ("read", "request_", "wrong"),
    [
        (to_discharge, pb.DischargeClientRequest(), {"reason", "discharged_on"}),
        (AFTERCARE, pb.ArrangeAftercareRequest(), {"kind", "starts_on"}),
    ],
)
def test_all_that_is_wrong_with_an_ending_is_told_at_once(
    read: object, request_: object, wrong: set[str]
) -> None:
    assert callable(read)
    with pytest.raises(Malformed) as refused:
        read(request_, **OF_THE_CALL)
    assert refused.value.details.keys() >= wrong


def test_rules_that_leave_a_threshold_out_are_not_read_as_reached_by_everybody() -> None:
    rules = pb.LevelRules(version=1, effective_from=to_date(date(2026, 1, 1)))
    with pytest.raises(UnreadableFact):
        to_level_rules(rules)
