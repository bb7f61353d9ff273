"""What the console's chart takes beside the RPCs that it rests on, on a played story.

Clients with twelve weeks of progress or more; the page asked for over HTTP, by a clinician and by a
biller, its session and its template with it, and of that time the part in which services answered.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from google.protobuf.message import Message
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.roles import Role
from ninehours.console.services import AskedServices
from ninehours.local.system import LocalSystem
from tests.harness.console.altered import altered
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory, told_by

WEEKS = 12
CLIENTS, ROUNDS = 5, 10


class TimedServices(AskedServices):
    """`answering`: seconds in which services answered, of whatever was asked."""

    answering: ClassVar[float] = 0.0

    def ask(self, request: Message, **how: Any) -> Any:
        begun = time.perf_counter()
        try:
            return super().ask(request, **how)
        finally:
            TimedServices.answering += time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="of a story that was played")
    data = parser.parse_args().data
    with (
        LocalSystem(data, progress=lambda _: None, console=True) as system,
        told_by(system) as story,
    ):
        client_ids = list(_of_twelve_weeks(story))[:CLIENTS]
        with altered(system, services=TimedServices) as sign_in:
            for role in (Role.CLINICIAN, Role.BILLER):
                ratios = list(_ratios(sign_in(role), client_ids))
                low, high = min(ratios), max(ratios)
                print(f"{role}: {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})")


def _of_twelve_weeks(story: PlayedStory) -> Iterator[str]:
    for listed in story.ask(Role.OPERATOR, clients.ListClientsRequest()).clients:
        asked = plans.ListProgressRequest(client_id=listed.client_id)
        if len(story.ask(Role.OPERATOR, asked).weeks) >= WEEKS:
            yield listed.client_id


def _ratios(reader: Reader, client_ids: list[str]) -> Iterator[float]:
    """A page's time, as so many times what services took of it."""
    for client_id in client_ids:
        for asked in range(ROUNDS + 1):
            TimedServices.answering = 0.0
            begun = time.perf_counter()
            assert reader.get(f"/clients/{client_id}/chart").status == 200
            taken = time.perf_counter() - begun
            if asked:  # the first one makes connections, and reads templates
                yield taken / TimedServices.answering


if __name__ == "__main__":
    main()
