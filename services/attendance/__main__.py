"""Opens all that attendance needs: python -m services.attendance api | relay | stream | …"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.config import Settings
from kernel.process import Opened, Service, main
from kernel.store.store import Store
from services.attendance.adapters.privileges import PRIVILEGES
from services.attendance.adapters.stored import FACTS
from services.attendance.adapters.subscriptions import SUBSCRIPTIONS

if TYPE_CHECKING:
    from kernel.rpc.policy import BindingKind


def servicers(store: Store, _: Settings) -> Mapping[Any, object]:
    """What the api process answers."""
    from kernel.rpc.statements import StatementsServicer  # noqa: PLC0415 - the relay needs none
    from services.attendance.adapters.attendance import open_attendance  # noqa: PLC0415
    from services.attendance.api import calendar, roster, statements  # noqa: PLC0415
    from services.attendance.api.servicer import SERVICE, AttendanceServicer  # noqa: PLC0415

    attendance = open_attendance(store)
    return {
        SERVICE: AttendanceServicer(attendance),
        statements.SERVICE: StatementsServicer(statements.KINDS, attendance),
        calendar.SERVICE: calendar.CalendarServicer(store),
        roster.SERVICE: roster.RosterServicer(store),
    }


def kinds() -> "Mapping[str, BindingKind]":
    """Whose each kind of thing is."""
    from services.attendance.adapters.bindings import KINDS  # noqa: PLC0415

    return KINDS


def operations(opened: Opened) -> Mapping[Any, object]:
    """What it answers to operators."""
    from operations.serving import operations_of  # noqa: PLC0415
    from operations.verifying.examination import ServiceChecks  # noqa: PLC0415
    from services.attendance.adapters.publication import publish  # noqa: PLC0415

    return operations_of(opened, ServiceChecks(publish=publish))


SERVICE = Service(
    name="attendance",
    codec=FACTS,
    migrations=Path(__file__).parent / "adapters" / "migrations",
    servicers=servicers,
    kinds=kinds,
    privileges=PRIVILEGES,
    operations=operations,
    hears=("intake",),
    subscriptions=SUBSCRIPTIONS,
)

if __name__ == "__main__":
    main(SERVICE, sys.argv[1:])
