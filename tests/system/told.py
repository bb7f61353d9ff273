"""One answer to why, as it was taken."""

from dataclasses import dataclass

from ninehours.cli.why.telling import Told


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`text`: the tree, piped. `named`: every id of a fact in it; `resolved`: those found."""

    name: str
    text: str
    told: Told
    named: frozenset[str]
    resolved: frozenset[str]
