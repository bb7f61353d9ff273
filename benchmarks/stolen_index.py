"""What a stolen search index gives away by rank matching: the share of clients who are named.

`python -m benchmarks.stolen_index --lists FOLDER [--clients 100000] [--sites 12] [--seed 7]`; the
same figures each time. Whoever stole it has no key, and is given more than they would see: of each
token its site, its field, and whether it is of a beginning, a sound or a whole name; and a list of
how often names are that is exactly right. They say that the most frequent token is the most
frequent text, the second the second, and so on. Descending, they also use that tokens of one name
stand together: within what they take for a beginning, the next longer ones are matched by rank.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.name_lists import NameList, read_lists
from services.intake.domain.search import LONGEST, SHORTEST
from services.intake.domain.sounds import sound_of

Recognise = Callable[[Sequence[str], NameList], frozenset[str]]
TextOf = Callable[[str], str | None]
"""What a token is of; None: a name has none such."""


def beginning(length: int) -> TextOf:
    """As it is kept: of names that are longer."""
    return lambda name: name[:length] if len(name) > length else None


def whole(name: str) -> str:
    return name


def sounding(name: str) -> str | None:
    return sound_of(name) if len(name) >= SHORTEST else None


def named(names: Sequence[str], known: NameList, text_of: TextOf) -> frozenset[str]:
    """Names of which a token is taken for what it is."""
    texts = Counter(text for name in names if (text := text_of(name)) is not None)
    expected: dict[str, float] = defaultdict(float)
    for name, share in known.shares.items():
        if (text := text_of(name)) is not None:
            expected[text] += share
    right = _matched(texts, expected)
    return frozenset(name for name in set(names) if text_of(name) in right)


def named_descending(names: Sequence[str], known: NameList) -> frozenset[str]:
    """Names that are found whole, step by step: a beginning, then the longer ones within it."""
    return frozenset(_below(Counter(names), dict(known.shares), SHORTEST))


def _below(names: Mapping[str, float], known: Mapping[str, float], length: int) -> set[str]:
    """Of names that share what was recognised so far. From a length on, whole names are matched."""
    if length > LONGEST:
        return _matched(names, known)
    found = _matched(*(_of(of, lambda name: len(name) <= length) for of in (names, known)))
    inner, guesses = (_by_beginning(of, length) for of in (names, known))
    sizes, shares = (
        {text: sum(group.values()) for text, group in groups.items()} for groups in (inner, guesses)
    )
    for text in _matched(sizes, shares):
        found |= _below(inner[text], guesses[text], length + 1)
    return found


def _matched(texts: Mapping[str, float], known: Mapping[str, float]) -> set[str]:
    """Texts that are taken for what they are."""
    pairs = zip(_ranked(texts), _guessed(known), strict=False)
    return {text for (text, _), (guess, _) in pairs if text == guess}


def _of(names: Mapping[str, float], wanted: Callable[[str], bool]) -> Mapping[str, float]:
    return {name: count for name, count in names.items() if wanted(name)}


def _by_beginning(names: Mapping[str, float], length: int) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for name, count in names.items():
        if len(name) > length:
            found[name[:length]][name] = count
    return found


def _ranked(counts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Most frequent first; of equal ones whoever stole it knows no order: a hash says it."""
    return sorted(counts.items(), key=lambda item: (-item[1], sha256(item[0].encode()).digest()))


def _guessed(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Most frequent first, as the public list has them."""
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--lists", type=Path, required=True)
    reading.add_argument("--clients", type=int, default=100_000)
    reading.add_argument("--sites", type=int, default=12)
    reading.add_argument("--seed", type=int, default=7)
    wanted = reading.parse_args()
    lists = read_lists(wanted.lists)
    people = lists.people(random.Random(wanted.seed), wanted.clients)  # noqa: S311 - the same each time
    kinds: dict[str, TextOf] = {
        "two letters, which are not kept": beginning(2),
        **{
            f"beginnings of {length} letters": beginning(length)
            for length in range(SHORTEST, LONGEST + 1)
        },
        "sounds": sounding,
        "whole names": whole,
    }
    print(f"{wanted.clients} clients at {wanted.sites} sites: share named by rank")
    print(f"{'':34}{'a key for each site':27}one key for all")
    print(f"{'':34}{''.join(f'{name:>9}' for name in ('family', 'given', 'both') * 2)}")
    fields = (
        ([person.family_name.lower() for person in people], lists.family),
        ([person.given_name.lower() for person in people], lists.given),
    )

    def shares(recognise: Recognise, sites: int) -> list[float]:
        """Of family names, of given names, and of both of one client."""
        right = Counter[str]()
        for site in range(sites):
            there = [names[site::sites] for names, _ in fields]
            known = [recognise(names, of) for names, (_, of) in zip(there, fields, strict=True)]
            for pair in zip(*there, strict=True):
                hits = [name in recognised for name, recognised in zip(pair, known, strict=True)]
                right.update(family=hits[0], given=hits[1], both=all(hits))
        return [right[name] / len(people) for name in ("family", "given", "both")]

    rows: Mapping[str, Recognise] = {
        **{name: partial(named, text_of=text_of) for name, text_of in kinds.items()},
        "whole names, descending": named_descending,
    }
    for name, recognise in rows.items():
        cells = [*shares(recognise, wanted.sites), *shares(recognise, 1)]
        print(f"{name:34}{''.join(f'{cell:9.1%}' for cell in cells)}")


if __name__ == "__main__":
    main()
