"""`rebuild`: everything is derived again by the running streams; says how many rows changed."""

import time

from ninehours.exchange.v1 import operating_service_pb2 as pb

from ninehours.cli.connection import Services, chosen, on_system
from ninehours.cli.ending import FAILED, UNAVAILABLE, Failure, say
from ninehours.cli.output import print_json, screen
from ninehours.cli.roles import OPERATOR

LOOK = 0.5  # seconds between two looks
SAY = 5.0  # seconds between two lines of progress


@on_system
def run_rebuild(services: Services, *, as_json: bool, only: str | None, timeout: int) -> None:
    """Prints how many keys were derived and how many rows changed; 0 is expected."""
    until = time.monotonic() + timeout
    begun = {
        name: services.ask(OPERATOR, pb.RebuildRequest(), service=name) for name in chosen(only)
    }
    told: dict[str, dict[str, int]] = {}
    for name, begin in begun.items():
        end = _until_derived(services, name, until)
        told[name] = {
            "keys": begin.due,
            "changed": end.revisions - begin.revisions,
            "failed": end.failed,
        }
    if as_json:
        print_json(told)
    else:
        for name, numbers in told.items():
            derives = f"{numbers['keys']} keys derived again, {numbers['changed']} rows changed"
            screen().print(f"{name:<12} {derives if numbers['keys'] else 'derives nothing'}")
    if failed := [name for name, numbers in told.items() if numbers["failed"]]:
        raise Failure(FAILED, f"derivations failed in {', '.join(failed)}: `ninehours parked list`")


def _until_derived(services: Services, name: str, until: float) -> pb.CountDerivedResponse:
    said = time.monotonic()
    while True:
        now: pb.CountDerivedResponse = services.ask(
            OPERATOR, pb.CountDerivedRequest(), service=name
        )
        if not now.due:
            return now
        if time.monotonic() > until:
            raise Failure(
                UNAVAILABLE,
                f"{now.due} keys of {name} are still due; they go on. Is {name}-stream at work? "
                "`ninehours status` says",
            )
        if time.monotonic() - said > SAY:
            said = time.monotonic()
            say(f"{name}: {now.due} keys to go")
        time.sleep(LOOK)
