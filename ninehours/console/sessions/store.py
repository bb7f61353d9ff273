"""Sessions, held by the database: ended at sign-out, and by idleness, in every replica at once."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from kernel.keys.sealing import Unsealable, decrypt, encrypt
from kernel.store.database import upgrade
from kernel.store.statements import text
from ninehours.console.sessions.secret import SessionSecret

MIGRATIONS = Path(__file__).parent / "migrations"
CONTEXT = b"session"
RENEWED_WITHIN = timedelta(seconds=30)

BEGIN = text(
    "INSERT INTO session (id, who, used_at, ends_at) VALUES (:id, :who, now(), now() + :longest)"
)
# The clock is the database's: replicas have one opinion of what is over.
USE = text(
    "UPDATE session SET used_at = now()"
    " WHERE id = :id AND used_at > now() - CAST(:idle AS interval) AND ends_at > now()"
    " RETURNING who"
)
LOOK = text(
    "SELECT who FROM session"
    " WHERE id = :id AND used_at > now() - CAST(:idle AS interval) AND ends_at > now()"
)
# One of all who use it renews what it keeps, in the time that it takes: the others' tokens do
# meanwhile, and whoever dies over it is followed by another.
CLAIM = text(
    "UPDATE session SET renewing_until = now() + :within"
    " WHERE id = :id AND (renewing_until IS NULL OR renewing_until <= now()) RETURNING who"
)
RENEW = text("UPDATE session SET who = :who, renewing_until = NULL WHERE id = :id")
RELEASE = text("UPDATE session SET renewing_until = NULL WHERE id = :id")
END = text("DELETE FROM session WHERE id = :id")
SWEEP = text(
    "DELETE FROM session WHERE used_at <= now() - CAST(:idle AS interval) OR ends_at <= now()"
)


class Sessions:
    """`idle`: after how long without a request one is over; `longest`: from sign-in on."""

    def __init__(self, engine: Engine, *, idle: timedelta, longest: timedelta) -> None:
        self.engine = engine
        self.idle = idle
        self.longest = longest

    def begin(self, who: bytes) -> SessionSecret:
        """Keep who signed in, and give what their browser is to hold."""
        secret = SessionSecret.new()
        sealed = encrypt(secret.key, who, CONTEXT)
        with self.engine.begin() as connection:
            connection.execute(BEGIN, {"id": secret.id, "who": sealed, "longest": self.longest})
        return secret

    def use(self, secret: SessionSecret, *, by_itself: bool = False) -> bytes | None:
        """Who is signed in, from now on idle again; None: nobody, or not any more.

        `by_itself`: a page asks, and nobody did anything; as idle as before.
        """
        statement = LOOK if by_itself else USE
        with self.engine.begin() as connection:
            sealed = connection.execute(statement, {"id": secret.id, "idle": self.idle}).scalar()
        return _opened(secret, sealed)

    def claim(self, secret: SessionSecret) -> bytes | None:
        """What it keeps now, to whoever is to renew it; None: somebody is at it, or it is over."""
        with self.engine.begin() as connection:
            told = {"id": secret.id, "within": RENEWED_WITHIN}
            sealed = connection.execute(CLAIM, told).scalar()
        return _opened(secret, sealed)

    def renew(self, secret: SessionSecret, who: bytes) -> None:
        """It keeps this instead."""
        sealed = encrypt(secret.key, who, CONTEXT)
        with self.engine.begin() as connection:
            connection.execute(RENEW, {"id": secret.id, "who": sealed})

    def release(self, secret: SessionSecret) -> None:
        """It wasn't renewed: another may try."""
        with self.engine.begin() as connection:
            connection.execute(RELEASE, {"id": secret.id})

    def end(self, secret: SessionSecret) -> None:
        """Nobody is signed in by it any more, anywhere."""
        with self.engine.begin() as connection:
            connection.execute(END, {"id": secret.id})

    def sweep(self, _: object = None) -> None:
        """Forget those that are over."""
        with self.engine.begin() as connection:
            connection.execute(SWEEP, {"idle": self.idle})


def _opened(secret: SessionSecret, sealed: bytes | None) -> bytes | None:
    try:
        return None if sealed is None else decrypt(secret.key, bytes(sealed), CONTEXT)
    except Unsealable:
        return None


def migrate_sessions(engine: Engine) -> None:
    """Bring the console's schema up to date."""
    upgrade(engine, MIGRATIONS, [])
