"""Who pays is billing's to say: a payer that it never registered is no payer here."""

from typing import Any

import pytest

from kernel.refusal import Unknown
from kernel.store.statements import text
from tests.harness.intake.service import (
    OTHER_PAYER,
    Desk,
    consent,
    coverage,
    findings,
    payer,
    restrict,
)

NOBODY = "7a000000-0000-4000-8000-00000000000f"


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


@pytest.mark.parametrize("what", ["consent", "coverage", "restriction"])
def test_what_names_a_payer_that_nobody_registered_is_refused(desk: Desk, what: str) -> None:
    client_id = desk.registered()
    before = desk.published()
    with pytest.raises(Unknown) as refused:
        desk.call(named(what, client_id, NOBODY))
    assert refused.value.reason == "PAYER_UNKNOWN"
    assert desk.published() == before


@pytest.mark.parametrize("what", ["consent", "coverage", "restriction"])
def test_a_payer_is_known_once_billing_told_of_it(desk: Desk, what: str) -> None:
    client_id = desk.registered()
    desk.told(payer(NOBODY))
    desk.call(named(what, client_id, NOBODY))
    assert len(desk.published()) > 1


def test_dates_are_kept_from_a_payer_that_doesnt_cover_the_client_yet(desk: Desk) -> None:
    client_id = desk.registered()
    assert desk.call(kept_from(client_id, OTHER_PAYER)).restriction_id


def test_verify_names_what_was_recorded_of_payers_that_nobody_registered(desk: Desk) -> None:
    client_id = desk.registered()
    desk.call(restrict(client_id))
    desk.told(payer(NOBODY))
    restriction_id = desk.call(kept_from(client_id, NOBODY)).restriction_id
    with desk.store.transaction() as tx:  # as a release before took it, without asking
        tx.connection.execute(
            text("DELETE FROM heard_fact WHERE subject = :payer"), {"payer": f"payer/{NOBODY}"}
        )
    assert findings(desk, "payers") == (
        2,
        [("PAYER_UNKNOWN", f"client/{client_id}", f"restriction/{restriction_id}")],
    )
