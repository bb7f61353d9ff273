"""What somebody signs with, tokens or facts, while its file is replaced."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from joserfc.jwk import OKPKey

from kernel import logs
from kernel.clock import seconds
from kernel.secrets import OF_TOKENS, SecretMissing, SigningKeys, public_keys, signing_key

# Seconds that a key is published before it signs: others look at their files every few.
PUBLISHED_BEFORE = 60.0

log = logs.get("kernel.signing_key")


class SigningKey:
    """What an issuer signs with, from its file, which may be replaced while the process runs.

    Another key than the first is taken a minute after it was seen among the published ones, or
    at once where the one before isn't published any more. One that isn't published never signs.
    """

    def __init__(
        self,
        secrets_dir: Path,
        issuer: str,
        *,
        keys: SigningKeys = OF_TOKENS,
        clock: Callable[[], float] = seconds,
    ) -> None:
        self._secrets_dir = secrets_dir
        self._keys = keys
        self._file = signing_key(secrets_dir, issuer, clock, keys)
        self._clock = clock
        self._signs = self._file.current()
        self._seen: tuple[OKPKey, float] | None = None
        self._lock = threading.Lock()

    def current(self) -> OKPKey:
        """The key to sign with now."""
        offered = self._file.current()
        with self._lock:
            if offered is not self._signs and self._is_taken(offered):
                log.info("signing key taken", key=offered.kid)
                self._signs = offered
            return self._signs

    def _is_taken(self, offered: OKPKey) -> bool:
        try:
            published = public_keys(self._secrets_dir, self._keys)
        except SecretMissing:
            return False
        if not _stands_in(published, offered):
            self._seen = None
            return False
        if not _stands_in(published, self._signs):
            return True
        if self._seen is None or self._seen[0] is not offered:
            self._seen = offered, self._clock()
        return self._clock() - self._seen[1] >= PUBLISHED_BEFORE


def _stands_in(published: Mapping[str, OKPKey], key: OKPKey) -> bool:
    found = published.get(str(key.kid))
    return found is not None and found.as_dict(private=False)["x"] == key.as_dict()["x"]
