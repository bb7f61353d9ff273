"""What a request rests on is named as facts name it."""

import pytest
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import Malformed
from kernel.rpc.commands import positions_of
from tests.harness.kernel.counters import ADA, TOPIC


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "client/",
        "client/ada",
        f"client/{ADA[7:-2]}AB",
        f"{ADA}/{ADA}",
        f"client/{'0f' * 8000}",
        "a b/1",
    ],
)
def test_a_position_is_of_a_subject(subject: str) -> None:
    with pytest.raises(Malformed) as refused:
        positions_of([common.Position(topic=TOPIC, subject=subject, sequence=1)])
    assert refused.value.details == {"after": "names no subject"}


def test_a_position_of_a_subject_is_waited_for() -> None:
    [position] = positions_of([common.Position(topic=TOPIC, subject=ADA, sequence=1)])
    assert (position.subject, position.sequence) == (ADA, 1)
