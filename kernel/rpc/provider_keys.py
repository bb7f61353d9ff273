"""The keys of the network's identity provider: fetched beside the answers, never in their way.

One thread of a process fetches them, one fetch at a time: every so often, so that a key which is
withdrawn ceases to be believed; and soon after somebody shows a key id that nobody knows, so that
a new one is. Whoever shows it is asked to try again meanwhile, and holds nothing of the server's.
"""

import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kernel import logs
from kernel.identity_provider import IdentityProvider
from kernel.refusal import NotYet
from kernel.rpc.provider_answers import Conversation, WrongAnswer, address_in, conversing

PAUSE = 5.0  # seconds between two fetches, whoever asks
RETRY = 30.0  # seconds until a provider that was away is asked again, if nobody asks before
WITHIN = 10.0  # seconds for a fetch, its names, handshakes and answers together
MOST_KEYS = 100
MOST_ASKED = 1000  # key ids that are remembered as asked for
SMALLEST_RSA = 2048  # bits

PublicKey = RSAKey | ECKey | OKPKey
TYPES: Mapping[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
Keys = Mapping[str, Sequence[PublicKey]]
"""Key id → what is published under it: one key, or one a type."""

log = logs.get("kernel.rpc.provider_keys")


class ProviderKeys:
    """What the provider's signatures are verified with; `fetch` raises when it can't be told."""

    def __init__(
        self,
        provider: IdentityProvider,
        fetch: Callable[[IdentityProvider], Keys] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._fetch = fetch or fetched
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._known_at: float | None = None
        self._asked: dict[str, float] = {}
        self._is_away = False
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="provider-keys", daemon=True)

    def start(self) -> None:
        """Fetch from now on, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Fetch no more."""
        self._over.set()
        self._wanted.set()

    def key(self, kid: str, algorithm: str) -> PublicKey:
        """The key under that id for that algorithm.

        KeyError: the provider has none. NotYet: it may have one, and is being asked.
        """
        now = self._clock()
        with self._lock:
            known = self._known_at is not None and now - self._known_at <= self._provider.keys_kept
            if known:
                for key in self._keys.get(kid, ()):
                    if _fits(key, algorithm):
                        return key
            if len(self._asked) >= MOST_ASKED:
                self._asked.clear()
            asked = self._asked.setdefault(kid, now)
            if known and self._known_at is not None and asked < self._known_at:
                # It was asked for since, and isn't there; who shows it again has it asked again.
                del self._asked[kid]
                raise KeyError(kid)
        self._wanted.set()
        if known:
            raise NotYet("TOKEN_KEY_UNKNOWN", "the token's key is asked for: try again")
        raise NotYet("IDENTITY_PROVIDER_AWAY", "the provider does not answer: try again")

    def refresh(self) -> bool:
        """Fetch once, and tell whether it answered; what was known stays where it didn't."""
        began = self._clock()
        try:
            keys = self._fetch(self._provider)
        except Exception as error:  # Networks fail in many ways: none of them may end the thread.
            if not self._is_away:
                wrong = error.wrong if isinstance(error, WrongAnswer) else None
                log.warning("identity provider away", reason=wrong, exc_info=error)
            self._is_away = True
            return False
        with self._lock:
            if self._is_away or keys.keys() != self._keys.keys():
                log.info("identity provider's keys", count=len(keys))
            self._keys, self._known_at = keys, began
        self._is_away = False
        return True

    def _run(self) -> None:
        while not self._over.is_set():
            self._wanted.clear()
            answered = self.refresh()
            if self._over.wait(PAUSE):
                return
            self._wanted.wait((self._provider.refresh if answered else RETRY) - PAUSE)


def fetched(provider: IdentityProvider) -> Keys:
    """The keys that the provider publishes now, by discovery where no setting says where."""

    async def fetch(asked: Conversation) -> Keys:
        if provider.jwks_uri is not None:
            return keys_in(await asked.read(provider.jwks_uri))
        about = await asked.read(provider.discovery)
        return keys_in(await asked.read(address_in(about, "jwks_uri", provider.issuer)))

    return conversing(provider, fetch, WITHIN)


def keys_in(jwks: object) -> Keys:
    """Those of a key set that sign: public, long enough, with an id; others are passed over."""
    published = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(published, list) or len(published) > MOST_KEYS:
        raise WrongAnswer("keys")
    found: dict[str, list[PublicKey]] = {}
    for each in published:
        if isinstance(each, dict) and (key := _usable(each)) is not None:
            found.setdefault(each["kid"], []).append(key)
    return found


def _usable(jwk: dict[str, Any]) -> PublicKey | None:
    kid, use = jwk.get("kid"), jwk.get("use", "sig")
    # Whose private half is published, it is everybody's.
    if not isinstance(kid, str) or not kid or use != "sig" or "d" in jwk:
        return None
    try:
        # The library warns of a short key, and takes it.
        if jwk.get("kty") == "RSA" and _bits(jwk["n"]) < SMALLEST_RSA:
            return None
        return TYPES[jwk["kty"]].import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _bits(number: str) -> int:
    return int.from_bytes(urlsafe_b64decode(number + "==")).bit_length()


def _fits(key: PublicKey, algorithm: str) -> bool:
    """Whether the key is for that algorithm; where it doesn't say, the verification judges."""
    return key.get("alg") in (None, algorithm)
