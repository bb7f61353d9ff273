"""Which commands open a day that is on HOLD for a reason."""

from collections.abc import Iterator

from services.billing.domain.reasons import Reason, Remedy
from services.billing.domain.why.standing import IN_TIME


def commands_opening(reason: Reason) -> Iterator[str]:
    """By their full names; of what nobody opens any more, none."""
    for opener in reason.opened_by:
        remedy = opener if isinstance(opener, Remedy) else opener.remedy
        if remedy.rpc:
            yield remedy.rpc
    if reason in IN_TIME:
        yield IN_TIME[reason].rpc
