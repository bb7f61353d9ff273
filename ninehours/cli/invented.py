"""The names of the demo's people, for those who search for leaks. Nothing is started for it."""

import json
from pathlib import Path

from rich.console import Console

from ninehours.cli.data import check_data, seed_of
from ninehours.story.people import invent_people


def print_names(data: Path, *, seed: int | None, as_json: bool) -> None:
    """Of the seed the directory holds, unless it is given. All are invented."""
    seed = seed_of(check_data(data), seed)
    clients = [
        {"family_name": client.family_name, "given_name": client.given_name}
        for client in invent_people(seed).clients
    ]
    if as_json:
        print(json.dumps({"seed": seed, "clients": clients}, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for each in clients:
        console.print(f"{each['family_name']}, {each['given_name']}", markup=False, soft_wrap=True)
