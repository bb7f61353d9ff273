"""Settling a revoked consent: a named person's word on what it means for claims.

Source: domain guide, section 12 ("Consent and payment").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import filled, of_last_fact
from kernel.refusal import AgainstTheRules


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRevocation:
    """`disclose`: whether dates before `revoked_on` may still be told to the payer.

    `revoked_on`: the day of the last revocation of a consent to this payer; refused without one.
    `meant`: the one that the person had in mind; None: the last one.
    """

    client_id: str
    payer_id: str
    disclose: bool
    settled_by: str
    revoked_on: date | None = None
    meant: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationSettled:
    """Without a date, as facts were once recorded, it is about no revocation."""

    client_id: str
    payer_id: str
    disclose: bool
    settled_by: str
    revoked_on: date | None = None


def decide_settlement(
    command: SettleRevocation, settled: RevocationSettled | None
) -> Iterator[RevocationSettled]:
    """The last word holds; saying it again of the same revocation, whoever does, adds nothing."""
    if command.revoked_on is None:
        raise AgainstTheRules("NOTHING_REVOKED", "no consent to this payer was revoked")
    if command.meant not in (None, command.revoked_on):
        raise AgainstTheRules(
            "REVOKED_SINCE",
            "the last revocation is another one than was meant",
            revoked_on=command.revoked_on.isoformat(),
        )
    said = settled and (settled.revoked_on, settled.disclose)
    if said != (command.revoked_on, command.disclose):
        yield filled(RevocationSettled, command)


SETTLEMENT = of_last_fact(decide_settlement)
