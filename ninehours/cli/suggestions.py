"""Commands to try on a system, with ids it really has: pasted, they work."""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.cli.options import DATA

NINEHOURS = "bin/ninehours"
PAGE = 1000


def commands_to_try(ask: Callable[[Any], Any], data: Path) -> list[str]:
    """Three, about a claim and its client where there is one; `ask` asks billing as a biller."""
    issued = billing.CLAIM_STATE_ISSUED
    page = ask(billing.ListClaimsRequest(state=issued, page_size=PAGE))
    claim = _telling(page.claims)
    if claim is None:
        asked = ("status", "clients", "rpc ls")
    else:
        asked = (f"why claim {claim.claim_id}", f"client {claim.client_id}", "holds")
    where = "" if data == DATA.absolute() else f" --data {shlex.quote(str(data))}"
    return [f"{NINEHOURS} {command}{where}" for command in asked]


def _telling(claims: Iterable[billing.Claim]) -> billing.Claim | None:
    """One that was corrected after it was issued has most to tell; else any."""
    found = list(claims)
    corrected = [claim for claim in found if claim.frequency == "7"]
    return next(iter([*corrected, *found]), None)
