"""Who pays is billing's to say: a payer that it never registered is no payer here."""

from typing import Any

import pytest

from kernel.refusal import Unknown
from tests.intake.desk import Desk, consent, coverage, restrict

NOBODY = "7a000000-0000-4000-8000-00000000000f"
ANY_PAYER = pytest.mark.xfail(strict=True, reason="intake takes any UUID for a payer")


def kept_from(client_id: str, payer_id: str) -> Any:
    asked = restrict(client_id)
    asked.payer_id = payer_id
    return asked


def named(what: str, client_id: str, payer_id: str) -> Any:
    """A request that names the payer."""
    if what == "consent":
        return consent(client_id, recipient_payer_id=payer_id)
    return (
        coverage(client_id, payer_id=payer_id)
        if what == "coverage"
        else kept_from(client_id, payer_id)
    )


@ANY_PAYER
@pytest.mark.parametrize("what", ["consent", "coverage", "restriction"])
def test_what_names_a_payer_that_nobody_registered_is_refused(desk: Desk, what: str) -> None:
    client_id = desk.registered()
    before = desk.published()
    with pytest.raises(Unknown) as refused:
        desk.call(named(what, client_id, NOBODY))
    assert refused.value.reason == "PAYER_UNKNOWN"
    assert desk.published() == before
