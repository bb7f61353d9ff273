"""What the demo and `up` suggest to try is about what is there."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.cli.options import DATA
from ninehours.cli.up import commands_to_try

DEFAULT = DATA.absolute()
FIRST, CORRECTED = (
    billing.Claim(claim_id=str(uuid4()), client_id=str(uuid4()), frequency=frequency)
    for frequency in ("1", "7")
)


def told(*claims: billing.Claim, data: Path = DEFAULT) -> list[str]:
    def ask(request: Any) -> Any:
        assert request.state == billing.CLAIM_STATE_ISSUED
        return billing.ListClaimsResponse(claims=claims)

    return commands_to_try(ask, data)


def test_a_corrected_claim_has_most_to_tell() -> None:
    assert told(FIRST, CORRECTED) == [
        f"bin/ninehours why claim {CORRECTED.claim_id}",
        f"bin/ninehours client {CORRECTED.client_id}",
        "bin/ninehours holds",
    ]
    assert told(FIRST)[1] == f"bin/ninehours client {FIRST.client_id}"


def test_without_claims_nothing_is_suggested_that_is_not_there() -> None:
    assert told() == [
        "bin/ninehours status",
        "bin/ninehours clients",
        "bin/ninehours rpc ls",
    ]


def test_another_directory_is_named_so_that_it_can_be_pasted() -> None:
    command = told(FIRST, data=Path("/tmp/two words"))[2]
    assert command == "bin/ninehours holds --data '/tmp/two words'"
