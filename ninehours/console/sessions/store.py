"""Sessions, held by the database: ended at sign-out, and by idleness, in every replica at once."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from kernel.keys.sealing import Unsealable, decrypt, encrypt
from kernel.store.database import upgrade
from ninehours.console.sessions.secret import SessionSecret

MIGRATIONS = Path(__file__).parent / "migrations"
CONTEXT = b"session"

BEGIN = text(
    "INSERT INTO session (id, who, used_at, ends_at) VALUES (:id, :who, now(), now() + :longest)"
)
# The clock is the database's: replicas have one opinion of what is over.
USE = text(
    "UPDATE session SET used_at = now()"
    " WHERE id = :id AND used_at > now() - CAST(:idle AS interval) AND ends_at > now()"
    " RETURNING who"
)
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

    def use(self, secret: SessionSecret) -> bytes | None:
        """Who is signed in, from now on idle again; None: nobody, or not any more."""
        with self.engine.begin() as connection:
            sealed = connection.execute(USE, {"id": secret.id, "idle": self.idle}).scalar()
        try:
            return None if sealed is None else decrypt(secret.key, bytes(sealed), CONTEXT)
        except Unsealable:
            return None

    def end(self, secret: SessionSecret) -> None:
        """Nobody is signed in by it any more, anywhere."""
        with self.engine.begin() as connection:
            connection.execute(END, {"id": secret.id})

    def sweep(self, _: object = None) -> None:
        """Forget those that are over."""
        with self.engine.begin() as connection:
            connection.execute(SWEEP, {"idle": self.idle})


def migrate_sessions(engine: Engine) -> None:
    """Bring the console's schema up to date."""
    upgrade(engine, MIGRATIONS, [])
