"""A token for a person in a role, signed with the keys of a data directory."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE, SecretMissing
from ninehours.cli.connection import person, secrets_in
from ninehours.cli.data import check_data
from ninehours.cli.ending import CONFLICT, NOT_FOUND, USAGE, Failure, ending
from ninehours.cli.output import print_json

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=30)


def print_token(
    data: Path,
    *,
    role: str,
    subject: str,
    sites: Sequence[str] | None,
    purpose: str,
    lifetime: str,
    as_json: bool,
) -> None:
    """A problem for a role or purpose there is not, a site that is no id, or a time too long."""
    with ending(data):
        token = make_token(data, role, sites or (), purpose, lifetime, subject=subject)
        if as_json:
            print_json({"role": role, "token": token})
        else:
            print(token)


def make_token(
    data: Path, role: str, sites: Sequence[str], purpose: str, lifetime: str, *, subject: str
) -> str:
    """Signed with the keys that the directory holds."""
    who = person(role, subject, purpose)
    good_for = lifetime_of(lifetime)
    speaks_for = [_site(site) for site in sites] or sorted(who.sites)
    path = check_data(data)
    try:
        issuer = Issuer(secrets_in(path).folder_of(PEOPLE), PEOPLE)
    except SecretMissing:
        raise no_keys_in(path) from None
    return issuer.token(who.id, who.roles, speaks_for, who.purpose, good_for)


def no_keys_in(path: Path) -> Failure:
    """What to do where a directory has none, or a release of before made them."""
    if (path / "secrets" / "people.jwk.json").exists():
        return Failure(
            CONFLICT, f"the keys in {path} lie as a release of before had them; `up` moves them"
        )
    return Failure(
        NOT_FOUND, f"there is no system in {path}. `make demo` plays one; or give --data."
    )


def lifetime_of(text: str) -> timedelta:
    """Of `90m`, `12h` or `7d`, at most thirty days."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    lifetime = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    if lifetime is None or lifetime > LONGEST:
        raise Failure(USAGE, f"{text!r} is no lifetime: 90m, 12h or 7d, at most {LONGEST.days}d")
    return lifetime


def _site(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Failure(USAGE, f"{text!r} is no site's id") from None
