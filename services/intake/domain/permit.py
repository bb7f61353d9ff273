"""A permit to disclose a client to a payer: recorded before identity is answered, never changed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DisclosureBasis(StrEnum):
    """On what a client is disclosed without more ado, or where consent to it was revoked since."""

    GIVEN = "GIVEN"
    REVOCATION_SETTLED = "REVOCATION_SETTLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosurePermitted:
    """What was judged, and from what: the client's published log up to `sequence`.

    `fact_id`: of its fact there; none in facts of before, and where the log was empty.

    It has a stream of its own and isn't published: on the client's log it would come after what it
    knew, and be waited for by whom it permits. `on` is the day it was judged by; `consent_id` None:
    no consent was needed (`basis` GIVEN), or a settled revocation stood for it.
    """

    permit_id: str
    client_id: str
    recipient_payer_id: str
    on: date
    consent_id: str | None
    sequence: int
    identity_version: int
    basis: DisclosureBasis
    fact_id: str = ""
