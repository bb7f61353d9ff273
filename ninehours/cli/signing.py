"""`keys rotate-signing` and `keys withdraw-signing`: a signing key's next one, then its end.

On one machine. In a cluster whoever mounts secrets does the same by hand: docs/operations.md.
"""

import os
from pathlib import Path

from kernel.secrets import OF_FACTS, OF_TOKENS
from ninehours.cli.connection import ADDRESSES, secrets_in
from ninehours.cli.data import check_data
from ninehours.cli.ending import CONFLICT, USAGE, Failure, ending
from ninehours.cli.options import DATA
from ninehours.cli.output import print_json
from ninehours.cli.tokens import no_keys_in
from ninehours.local.secrets import MachineSecrets, TooEarly
from ninehours.told.amounts import plural


def run_rotate(data: Path | None, *, issuer: str, facts: bool, as_json: bool) -> None:
    """Prints the next key's id, and what is to be done later."""
    with ending(data or DATA):
        machine = _secrets_of(data, issuer)
        if facts and issuer not in OF_FACTS.issuers:
            raise Failure(USAGE, f"{issuer}: tells no facts")
        kid = machine.rotate(issuer, OF_FACTS if facts else OF_TOKENS)
        until = None if facts else machine.withdrawn_from(issuer)
        if as_json:
            later = {} if until is None else {"withdraw_from": until.isoformat()}
            print_json({"issuer": issuer, "facts": facts, "key": kid, **later})
        elif until is None:
            print(
                f"{issuer}: {kid} is published, and signs facts a minute later; what the key before"
                " signed is read for years: it stays published"
            )
        else:
            print(
                f"{issuer}: {kid} is published, and signs a minute later; after"
                f" {until:%Y-%m-%d %H:%M} UTC: `ninehours keys withdraw-signing {issuer}`"
            )


def run_withdraw(data: Path | None, *, issuer: str, stolen: bool, as_json: bool) -> None:
    """Prints the ids that are believed no more; a problem where their tokens may still be good."""
    with ending(data or DATA):
        machine = _secrets_of(data, issuer)
        try:
            before = machine.withdraw(issuer, at_once=stolen)
        except TooEarly as early:
            raise Failure(
                CONFLICT, f"{early}: say it again then, or with --stolen to have them refused now"
            ) from None
        if as_json:
            print_json({"issuer": issuer, "withdrawn": before})
        elif before:
            says = f"{plural(len(before), 'key')} withdrawn ({', '.join(before)})"
            print(f"{issuer}: {says}; within five seconds nobody believes what they signed")
        else:
            print(f"{issuer}: it has one key, which signs; `keys rotate-signing` makes the next")


def _secrets_of(data: Path | None, issuer: str) -> MachineSecrets:
    if issuer not in OF_TOKENS.issuers:
        raise Failure(USAGE, f"{issuer!r} signs nothing; {', '.join(OF_TOKENS.issuers)} do")
    if data is None and os.environ.get(ADDRESSES):
        raise Failure(
            USAGE,
            f"{ADDRESSES} names a system whose keys lie elsewhere: docs/operations.md says what to"
            " replace there; --data names a directory of this machine",
        )
    path = check_data(data or DATA)
    machine = secrets_in(path)
    if not OF_TOKENS.private_path(machine.folder_of(issuer), issuer).exists():
        raise no_keys_in(path)
    return machine
