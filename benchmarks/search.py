"""What FindClients takes at the RPC, its audit included, over many clients.

`python -m benchmarks.search --lists FOLDER [--clients 100000] [--sites 12] [--rounds 100]
[--seed 7] [--data FOLDER]`, on an embedded PostgreSQL of its own; `--data` keeps the clients for
the next run. They are laid into the tables at once; then an api of intake's, a process of its own,
is asked over gRPC by one caller, kinds of question in turns. Of each kind stand there the
milliseconds by the clock, and of a processor's work in the api and in PostgreSQL, which another
load on the machine changes little. Beside them stands what it takes to name one client by id,
audited as well: what any such answer takes there. Figures are on stdout, the api's log on stderr.
"""

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from ninehours.intake.v1 import chart_service_pb2 as chart
from ninehours.intake.v1 import search_service_pb2 as pb

from benchmarks.laid_clients import LaidClients, client_id_of, lay, phone_of
from benchmarks.measured_api import Cost, MeasuredApi, measured
from benchmarks.name_lists import InventedPerson, read_lists
from benchmarks.places import StorePlace
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

WANTED = 20.0  # milliseconds at most, of nineteen answers in twenty
Question = Callable[[InventedPerson, int], pb.FindClientsRequest]


def text(words: Callable[[InventedPerson], str]) -> Question:
    return lambda person, _: pb.FindClientsRequest(text=words(person))


QUESTIONS: Mapping[str, Question] = {
    "both names": text(lambda person: f"{person.given_name} {person.family_name}"),
    "a family name": text(lambda person: person.family_name),
    "three letters": text(lambda person: person.family_name[:3]),
    "three letters of each": text(
        lambda person: f"{person.given_name[:3]} {person.family_name[:3]}"
    ),
    "misspelled": text(lambda person: f"{person.given_name} {_misspelled(person.family_name)}"),
    "a birth date": text(lambda person: person.birth_date.isoformat()),
    "a name and a birth date": text(
        lambda person: f"{person.family_name} {person.birth_date.isoformat()}"
    ),
    "a phone": lambda _, number: pb.FindClientsRequest(phone=phone_of(number)),
    "a member number": text(lambda person: person.member_number),
    "the most common family name": text(lambda _: "smith"),
    "the most common beginning": text(lambda _: "mar"),
}


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--lists", type=Path, required=True)
    reading.add_argument("--clients", type=int, default=100_000)
    reading.add_argument("--sites", type=int, default=12)
    reading.add_argument("--rounds", type=int, default=100)
    reading.add_argument("--seed", type=int, default=7)
    reading.add_argument("--data", type=Path)
    wanted = reading.parse_args()
    chance = random.Random(wanted.seed)  # noqa: S311 - the same each time
    laid = LaidClients(
        read_lists(wanted.lists).people(chance, wanted.clients),
        [str(UUID(int=(0x51 << 120) + number)) for number in range(wanted.sites)],
    )
    with ExitStack() as stack:
        data = wanted.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(LocalServers(data, kafka=False))
        secrets = MachineSecrets(data / "secrets")
        secrets.make()
        place = StorePlace.made("intake", servers, secrets)
        store = place.open()
        lay(store, laid, chance)
        store.close()
        api = stack.enter_context(measured(place, secrets))
        _measure(api, laid, chance, wanted.rounds)


def _measure(api: MeasuredApi, laid: LaidClients, chance: random.Random, rounds: int) -> None:
    callers: Mapping[str, Callable[[int], Sequence[str]]] = {
        "one site": lambda number: [laid.site_of(number)],
        "the network": lambda _: ["*"],
    }
    costs: dict[tuple[str, str], list[Cost]] = {}
    answered: dict[tuple[str, str], int] = {}
    floor: list[Cost] = []
    for round_number in range(rounds + 1):  # the first warms up
        named = client_id_of(chance.randrange(len(laid.people)))
        _, cost = api.ask(chart.NameClientsRequest(client_ids=[named]), ["*"])
        floor.append(cost)
        for name, question in QUESTIONS.items():
            for caller, sites_of in callers.items():
                number = chance.randrange(len(laid.people))
                request = question(laid.people[number], number)
                answer, cost = api.ask(request, sites_of(number))
                if round_number:
                    costs.setdefault((name, caller), []).append(cost)
                    found = answered.get((name, caller), 0)
                    answered[name, caller] = found + len(answer.clients)
    print(f"{len(laid.people)} clients at {len(laid.sites)} sites, milliseconds")
    print(f"{'':44}{'by the clock':^16}{'work, api':^16}{'work, database':^16}")
    print(f"{'':44}{'   median     p95' * 3}{'answers':>9}")
    print(f"{'one client named by id, the network':44}{_columns(floor[1:])}{1:9.1f}")
    for (name, caller), each in costs.items():
        of = answered[name, caller] / rounds
        print(f"{f'{name}, {caller}':44}{_columns(each)}{of:9.1f}")
    for caller in callers:
        together = [one for (_, by), each in costs.items() if by == caller for one in each]
        print(f"{f'all, {caller}':44}{_columns(together)}")
        if (p95 := _percentile([cost.wall for cost in together], 95)) > WANTED:
            print(f"    {p95 - WANTED:.1f} ms more than is wanted")


def _columns(costs: Sequence[Cost]) -> str:
    """Median and p95 of the clock, of the api's work, and of the database's."""
    kinds = ([getattr(cost, kind) for cost in costs] for kind in ("wall", "api", "database"))
    return "".join(f"{_percentile(kind, percent):8.1f}" for kind in kinds for percent in (50, 95))


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _misspelled(name: str) -> str:
    """One vowel is another one."""
    for at, letter in enumerate(name):
        if at and letter in "aeiou":
            return f"{name[:at]}{'e' if letter != 'e' else 'a'}{name[at + 1 :]}"
    return name


if __name__ == "__main__":
    main()
