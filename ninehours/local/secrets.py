"""The keys of one machine, made at first start: a folder for each service, and one for people.

`<root>/<service>` is all that the service's processes are given. `<root>/people` holds what local
tokens are signed with, and no service is shown it. `<root>/published` is what anybody may know:
each folder has links to it. How files are called, kernel.secrets says.
"""

import fcntl
import json
import os
import secrets
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from kernel.rpc.issuers import LEEWAY, longest_life_of
from kernel.secrets import (
    MASTER_BYTES,
    OF_FACTS,
    OF_TOKENS,
    SecretMissing,
    SigningKeys,
    issuer_of,
    private_key,
    public_keys,
)
from kernel.services import SERVICES
from kernel.signing_key import PUBLISHED_BEFORE
from ninehours.local.folder import write_private

PUBLISHED = "published"
# From a key's publication until whoever runs signs with it, by whatever clock.
TAKEN_WITHIN = timedelta(seconds=PUBLISHED_BEFORE + LEEWAY)


class TwoOfOneSecret(Exception):
    """A file lies where a release of before kept it, and where it lies now, and they differ."""


class TooEarly(Exception):
    """The key of before may not be withdrawn yet; the text says when."""


class MachineSecrets:
    """Makes, moves and replaces what lies under a root; one process at a time does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder_of(self, issuer: str) -> Path:
        """What the service's processes are given; of `people`, what local tokens are signed by."""
        return self.root / issuer

    def make(self) -> None:
        """Make what is missing; what is there stays. What a release of before kept in the root
        goes to its owner's folder. Broken off anywhere, the next one completes it.

        TwoOfOneSecret: nothing is overwritten.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            for folder in map(self.folder_of, (*OF_TOKENS.issuers, PUBLISHED)):
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o700)
            self._put_in_place()
            for keys in (OF_TOKENS, OF_FACTS):
                self._make_signing_keys(keys)
            for service in SERVICES:
                first = self.folder_of(service) / f"{service}.master"
                # The first one may be gone already: others took its place.
                if not first.exists() and not [*first.parent.glob(f"{first.name}.*")]:
                    write_private(first, b64encode(secrets.token_bytes(MASTER_BYTES)))

    def rotate(self, issuer: str, keys: SigningKeys = OF_TOKENS) -> str:
        """Make the issuer's next key, published beside the one before, which stays believed.

        Processes sign with it a minute after they saw it published; `withdraw` then ends what was
        before. Keys of facts stay published: what they signed is read for years. Gives its id.
        """
        with self._alone():
            fresh = _new_key(f"{issuer}/{secrets.token_hex(4)}")
            self._publish(keys, [*self._published(keys), fresh])
            _write(keys.private_path(self.folder_of(issuer), issuer), fresh)
        return str(fresh.kid)

    def withdraw(self, issuer: str, *, at_once: bool = False) -> list[str]:
        """Publish of the issuer what it signs tokens with, and nothing from before; gives the ids.

        TooEarly: tokens under a key of before may be good still. `at_once`: they are to be refused.
        """
        with self._alone():
            signs = private_key(self.folder_of(issuer), issuer)
            published = self._published(OF_TOKENS)
            before = [
                str(key.kid)
                for key in published
                if issuer_of(key.kid) == issuer and key.kid != signs.kid
            ]
            until = self.withdrawn_from(issuer)
            if before and not at_once and datetime.now(UTC) < until:
                raise TooEarly(
                    f"tokens that {issuer} signed before {signs.kid} are good until"
                    f" {until:%Y-%m-%d %H:%M} UTC"
                )
            others = [key for key in published if issuer_of(key.kid) != issuer]
            self._publish(OF_TOKENS, [*others, signs])
        return before

    def withdrawn_from(self, issuer: str) -> datetime:
        """When no token is good any more that the issuer signed under a key of before."""
        since = _since(OF_TOKENS.private_path(self.folder_of(issuer), issuer))
        return datetime.fromtimestamp(since, UTC) + TAKEN_WITHIN + longest_life_of(issuer)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """What is published is read, added to and written by one process at a time."""
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield
        finally:
            os.close(root)

    def _put_in_place(self) -> None:
        for path in sorted(self.root.iterdir()):
            owner = path.name.partition(".")[0]
            if path.name in (OF_TOKENS.public, OF_FACTS.public):
                _move(path, self.root / PUBLISHED)
            elif owner in OF_TOKENS.issuers and path.is_file():
                _move(path, self.folder_of(owner))
        for issuer in OF_TOKENS.issuers:
            for name in (OF_TOKENS.public, OF_FACTS.public):
                link = self.folder_of(issuer) / name
                if not link.is_symlink():
                    link.unlink(missing_ok=True)  # a copy, where somebody copied the whole
                    link.symlink_to(Path("..", PUBLISHED, name))

    def _make_signing_keys(self, keys: SigningKeys) -> None:
        made = set()
        for issuer in keys.issuers:
            path = keys.private_path(self.folder_of(issuer), issuer)
            if not path.exists():
                made.add(issuer)
                _write(path, _new_key(issuer))
        kept = [key for key in self._published(keys) if issuer_of(key.kid) not in made]
        sign = [private_key(self.folder_of(issuer), issuer, keys) for issuer in keys.issuers]
        self._publish(keys, [*kept, *sign])

    def _published(self, keys: SigningKeys) -> list[OKPKey]:
        try:
            return [*public_keys(self.root / PUBLISHED, keys).values()]
        except SecretMissing:
            return []

    def _publish(self, keys: SigningKeys, published: Iterable[OKPKey]) -> None:
        """Of several keys under one id the last one counts: one made anew is not refused for ever.

        Each with the time it was made: of one that doesn't say so, its file's.
        """
        by_kid = {}
        for key in published:
            public: dict[str, Any] = {**key.as_dict(private=False)}
            if "iat" not in public and key.is_private:
                issuer = issuer_of(key.kid)
                public["iat"] = _since(keys.private_path(self.folder_of(issuer), issuer))
            by_kid[str(key.kid)] = public
        wanted = json.dumps({"keys": [by_kid[kid] for kid in sorted(by_kid)]}).encode()
        path = self.root / PUBLISHED / keys.public
        if not path.exists() or path.read_bytes() != wanted:
            write_private(path, wanted)


def _move(path: Path, folder: Path) -> None:
    target = folder / path.name
    if target.exists():
        if target.read_bytes() != path.read_bytes():
            raise TwoOfOneSecret(
                f"{path} and {target} differ, and one of them is in use: a release of before was"
                " started after this one. Keep the one that it belongs to, and move the other away"
            )
        path.unlink()
    else:
        path.rename(target)


def _since(path: Path) -> int:
    """When the key in a file was made; where it doesn't say so, when the file was written."""
    made = json.loads(path.read_bytes()).get("iat")
    return made if type(made) is int else int(path.stat().st_mtime)


def _new_key(kid: str) -> OKPKey:
    told = {"kid": kid, "use": "sig", "alg": "Ed25519", "iat": int(time.time())}
    return OKPKey.generate_key("Ed25519", told)  # type: ignore[arg-type]


def _write(path: Path, key: OKPKey) -> None:
    write_private(path, json.dumps(key.as_dict(private=True)))
