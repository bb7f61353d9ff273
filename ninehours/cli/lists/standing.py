"""`standing`: what would keep clients' days from being billed, and what mends that."""

from datetime import date, datetime

from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services, on_system
from ninehours.cli.directories import Sites, sites_of
from ninehours.cli.fields import day_or_today, id_in
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import BILLER
from ninehours.told.fields import iso


@on_system
def run_standing(
    services: Services, client_ids: list[str], on: datetime | None, *, ahead: int, as_json: bool
) -> None:
    """Client by client, and of each by site."""
    day = day_or_today(on)
    answer = services.ask(
        BILLER,
        pb.ListStandingRequest(
            client_ids=[id_in(client_id, "client's id") for client_id in client_ids],
            on=to_date(day),
            ahead_days=ahead,
        ),
    )
    if as_json:
        standings = [as_dict(standing) for standing in answer.standings]
        print_json({"on": str(day), "standings": standings})
    else:
        _show(answer, sites_of(services, BILLER), day)


def _show(answer: pb.ListStandingResponse, sites: Sites, on: date) -> None:
    console = screen()
    for standing in answer.standings:
        where = sites.heading(standing.site_id) if standing.site_id else "admitted nowhere"
        console.print(f"{standing.client_id}  {where}")
        for obstacle in standing.obstacles:
            ahead = (
                "" if iso(obstacle.on) == str(on) else f", from {iso(obstacle.on)} at the latest"
            )
            console.print(f"  {obstacle.says}{ahead}")
            for release in obstacle.releases:
                console.print(f"    {release.says}{_by(release)}")
        if not standing.obstacles:
            console.print("  nothing stands in the way")
    ready = sum(not standing.obstacles for standing in answer.standings)
    console.print(f"{ready} of {len(answer.standings)} would be billed on {on}")


def _by(release: pb.Release) -> str:
    """By which command, and who may give it; nothing where none does it."""
    _, _, command = release.rpc.rpartition("/")
    return f" ({command}: {', '.join(release.roles)})" if command else ""
