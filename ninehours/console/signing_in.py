"""Who is signed in, and how somebody comes to be: what is kept meanwhile, and of whom it is."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel import logs
from kernel.roles import Role
from ninehours.console.people import (
    Elsewhere,
    Leaving,
    NotSignedIn,
    People,
    ProviderAway,
    SignedIn,
    Visitor,
)
from ninehours.console.sessions.secret import SessionSecret
from ninehours.console.sessions.sign_ins import SignIns
from ninehours.console.sessions.store import Sessions

RENEWED_WITHIN = 10.0  # seconds that others wait for who renews a token that is over
LOOKS_EVERY = 0.1

log = logs.get("console.signing_in")


class TooManySignIns(Exception):
    """So many are on their way that nobody else can begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What somebody was about when they had to sign in: `then` an address of ours, `typed` what
    they sent there. `before`: the cookie of the session that this sign-in ends."""

    then: str = "/"
    typed: Mapping[str, str] = field(repr=False, default_factory=dict)
    before: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Begun:
    """A session, of who has its secret."""

    signed_in: SignedIn
    secret: SessionSecret
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Detour:
    """They go there, and come back with the state; `secret` stays in their browser meanwhile."""

    address: str
    state: str = field(repr=False)
    secret: SessionSecret


class Returned(Exception):
    """They came back and aren't signed in; `why` is the reason, `purpose` is as it was."""

    def __init__(self, why: NotSignedIn | ProviderAway, purpose: Purpose) -> None:
        super().__init__(str(why))
        self.why = why
        self.purpose = purpose


class SigningIn:
    """Of these people, with what the console's database keeps of them."""

    def __init__(self, people: People, sessions: Sessions, sign_ins: SignIns) -> None:
        self.people = people
        self._sessions = sessions
        self._sign_ins = sign_ins

    def begin(self, role: Role, purpose: Purpose) -> Begun | Detour:
        """Somebody wants in, in that role. ProviderAway, TooManySignIns."""
        answer = self.people.begin(role)
        if isinstance(answer, SignedIn):
            return self._begun(answer, purpose)
        return self._detour(answer, purpose)

    def finish(self, secret: SessionSecret, told: Mapping[str, str]) -> Begun:
        """They are back. NotSignedIn where nobody left from this browser of late; Returned."""
        content = self._sign_ins.take(secret)
        if content is None:
            raise NotSignedIn("over")
        kept = json.loads(content)
        purpose = Purpose(**kept.pop("purpose"))
        try:
            signed_in = self.people.finish(kept, told)
        except (NotSignedIn, ProviderAway) as why:
            raise Returned(why, purpose) from None
        return self._begun(signed_in, purpose)

    def name(self, secret: SessionSecret, subject: str) -> Begun | None:
        """They say who they are; None: that is not for them to say, or nobody is signed in."""
        kept = self._sessions.use(secret)
        named = self.people.named(kept, subject) if kept is not None else None
        return self._begun(named, Purpose(before=secret.cookie)) if named is not None else None

    def visitor(self, secret: SessionSecret, *, by_itself: bool = False) -> Visitor | None:
        """Whose session it is, with a token that holds; None: nobody's. ProviderAway.

        `by_itself`: a page asks, and nobody did anything.
        """
        kept = self._sessions.use(secret, by_itself=by_itself)
        if kept is not None and self.people.is_due(kept):
            kept = self._renewed(secret, kept)
        return self.people.visitor(kept) if kept is not None else None

    def is_there(self, secret: SessionSecret) -> bool:
        """Whether somebody is signed in still; being asked keeps nobody so."""
        return self._sessions.use(secret, by_itself=True) is not None

    def end(self, secret: SessionSecret) -> Leaving | None:
        """Nobody is signed in by it any more; what is to be sent to where they are, too."""
        kept = self._sessions.use(secret)
        self._sessions.end(secret)
        return self.people.leaving(kept) if kept is not None else None

    def _begun(self, signed_in: SignedIn, purpose: Purpose) -> Begun:
        if (before := SessionSecret.of_cookie(purpose.before)) is not None:
            self._sessions.end(before)
        secret = self._sessions.begin(signed_in.kept)
        log.info("signed_in", role=signed_in.person.role)
        return Begun(signed_in, secret, purpose)

    def _detour(self, elsewhere: Elsewhere, purpose: Purpose) -> Detour:
        about = {"then": purpose.then, "typed": {**purpose.typed}, "before": purpose.before}
        secret = self._sign_ins.begin(json.dumps({**elsewhere.kept, "purpose": about}).encode())
        if secret is None:
            raise TooManySignIns
        return Detour(elsewhere.address, elsewhere.state, secret)

    def _renewed(self, secret: SessionSecret, kept: bytes) -> bytes | None:
        """By whoever is the first to ask, once for all; the others' token does, or they wait."""
        until = time.monotonic() + RENEWED_WITHIN
        while True:
            claimed = self._sessions.claim(secret)
            if claimed is not None:
                return self._renew(secret, claimed)
            if self.people.is_good(kept):
                return kept
            if time.monotonic() > until:
                raise ProviderAway
            time.sleep(LOOKS_EVERY)
            now = self._sessions.use(secret)
            if now is None or not self.people.is_due(now):
                return now

    def _renew(self, secret: SessionSecret, kept: bytes) -> bytes | None:
        if not self.people.is_due(kept):
            self._sessions.release(secret)
            return kept
        try:
            renewed = self.people.renewed(kept)
        except NotSignedIn:
            log.info("signed_out_elsewhere")
            self._sessions.end(secret)
            return None
        except ProviderAway:
            self._sessions.release(secret)
            if self.people.is_good(kept):
                return kept
            raise
        except BaseException:
            self._sessions.release(secret)
            raise
        self._sessions.renew(secret, renewed)
        return renewed
