"""What the console's pages take beside the RPCs that they rest on, on a played story.

Each is asked for over HTTP, with its session and its template: the chart of twelve weeks, by a
clinician and by a biller; the roster of fifteen, by a front desk; and the worklist with ten
thousand days on HOLD more than the story has, oldest first and by dollars. Rounds go through all of
them in turns. A page's time is told as so many times that in which services answered of it.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import psycopg
from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.roles import Role
from kernel.rpc.translate import to_date
from kernel.store.roles import ACT_AS_OWNER
from ninehours.console.services import AskedServices
from ninehours.local.databases import plain
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.story.requests import since
from ninehours.told.fields import iso
from tests.harness.console.altered import altered
from tests.harness.console.reader import Reader
from tests.harness.console.story import PlayedStory, told_by

WEEKS, CLIENTS = 12, 5
ROSTER = 15
HOLDS = 10_000
# Days that the story holds, as its projection made them, each on a date of its own: a row is found
# by what its content says that it is, by which pages go on.
LAY = """
INSERT INTO derived
    (id, revision, derivation, key, kind, row_key, content, provenance, withdrawn, current)
SELECT gen_random_uuid(), 1, 'benchmark', key, kind, content->>'client_id' || '|' || day,
       content || jsonb_build_object('service_date', day), provenance, false, true
FROM generate_series(1, %s) AS n
CROSS JOIN LATERAL CAST(date '1990-01-01' + n AS text) AS day
JOIN (SELECT *, row_number() OVER () - 1 AS place, count(*) OVER () AS places FROM derived
      WHERE kind = 'service_day' AND current AND NOT withdrawn AND content->>'outcome' = 'HOLD'
     ) AS held ON place = n %% places
"""
GONE = "DELETE FROM derived WHERE derivation = 'benchmark'"


class TimedServices(AskedServices):
    """`answering`: seconds in which services answered, of whatever was asked."""

    answering: ClassVar[float] = 0.0

    def ask(self, request: Message, **how: Any) -> Any:
        begun = time.perf_counter()
        try:
            return super().ask(request, **how)
        finally:
            TimedServices.answering += time.perf_counter() - begun


@dataclass(slots=True)
class Look:
    """A page as one role asks for it, at each of these addresses; what it took, in seconds, and how
    much of that services took."""

    name: str
    reader: Reader
    addresses: Sequence[str]
    took: list[tuple[float, float]] = field(default_factory=list)

    def take(self) -> None:
        for address in self.addresses:
            TimedServices.answering = 0.0
            begun = time.perf_counter()
            assert self.reader.get(address).status == 200
            self.took.append((time.perf_counter() - begun, TimedServices.answering))

    def __str__(self) -> str:
        ratios = [whole / answering for whole, answering in self.took]
        whole = statistics.median(whole for whole, _ in self.took) * 1000
        return (
            f"{self.name:<24} {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f}), {whole:.0f} ms"
        )


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--data", type=Path, required=True, help="of a story that was played")
    reading.add_argument("--rounds", type=int, default=10)
    wanted = reading.parse_args()
    with (
        LocalSystem(wanted.data, progress=partial(print, file=sys.stderr), console=True) as system,
        told_by(system) as story,
        _held(system),
        altered(system, services=TimedServices) as sign_in,
    ):
        looks = _looks(story, sign_in)
        for measured in range(wanted.rounds + 1):
            for look in looks:
                look.take()
                if not measured:  # the first one makes connections, and reads templates
                    look.took.clear()
            print(f"round {measured} of {wanted.rounds}", file=sys.stderr)
        for look in looks:
            print(look)


def _looks(story: PlayedStory, sign_in: Callable[[str], Reader]) -> Sequence[Look]:
    charts = [f"/clients/{client_id}/chart" for client_id in _of_twelve_weeks(story)][:CLIENTS]
    biller, (seats, roster) = sign_in(Role.BILLER), _roster(story)
    return [
        Look("chart, a clinician's", sign_in(Role.CLINICIAN), charts),
        Look("chart, a biller's", biller, charts),
        Look(f"roster of {seats}", sign_in(Role.FRONT_DESK), [roster]),
        Look("worklist, oldest first", biller, ["/worklist?kind=hold"]),
        Look("worklist, by dollars", biller, ["/worklist?kind=hold&order=dollars"]),
    ]


def _of_twelve_weeks(story: PlayedStory) -> Iterator[str]:
    for listed in story.ask(Role.OPERATOR, clients.ListClientsRequest()).clients:
        asked = plans.ListProgressRequest(client_id=listed.client_id)
        if len(story.ask(Role.OPERATOR, asked).weeks) >= WEEKS:
            yield listed.client_id


def _roster(story: PlayedStory) -> tuple[int, str]:
    """Of the story's days one with fifteen seats, or the fewest above: how many, and where."""
    seats: Counter[str] = Counter()
    for site_id, session in _sessions(story):
        day = urlencode({"site": site_id, "on": iso(session.service_date)})
        seats[f"/today?{day}"] += len(session.client_ids)
    return min((many, address) for address, many in seats.items() if many >= ROSTER)


def _sessions(story: PlayedStory) -> Iterator[tuple[str, attendance.ListedSession]]:
    """Each with its site."""
    for site in story.ask(Role.FRONT_DESK, calendar.ListSitesRequest()).sites:
        asked = attendance.ListSessionsRequest(
            site_id=site.site_id, to=to_date(days.LAST_SUNDAY), **since(days.FIRST_MONDAY)
        )
        while True:
            page = story.ask(Role.FRONT_DESK, asked)
            yield from ((site.site_id, session) for session in page.sessions)
            asked.page_token = page.next_page_token
            if not asked.page_token:
                break


@contextmanager
def _held(system: LocalSystem) -> Iterator[None]:
    """The days on HOLD; they are gone after."""
    url = plain(system.databases["billing"].migrations.url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ACT_AS_OWNER)
        connection.execute(GONE)  # of a run that was killed
        try:
            connection.execute(LAY, [HOLDS])
            connection.execute("ANALYZE derived")
            print(f"{HOLDS:,} days on HOLD are laid", file=sys.stderr)
            yield
        finally:
            connection.execute(GONE)


if __name__ == "__main__":
    main()
