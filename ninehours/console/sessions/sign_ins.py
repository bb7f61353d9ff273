"""Sign-ins that began here and go on elsewhere: each is finished once, by the browser it began in.

What was typed before lies here meanwhile, sealed as a session is: addresses tell nothing of it.
"""

from datetime import timedelta

from sqlalchemy import Engine

from kernel.keys.sealing import Unsealable, decrypt, encrypt
from kernel.store.statements import text
from ninehours.console.sessions.secret import SessionSecret

CONTEXT = b"sign-in"
WITHIN = timedelta(minutes=10)
MOST = 2000  # at once: whoever begins them is nobody yet

SWEEP = text("DELETE FROM sign_in WHERE ends_at <= now()")
BEGIN = text(
    "INSERT INTO sign_in (id, content, ends_at) SELECT :id, :content, now() + :within"
    " WHERE (SELECT count(*) FROM sign_in) < :most"
)
TAKE = text("DELETE FROM sign_in WHERE id = :id RETURNING content, ends_at > now() AS in_time")


class SignIns:
    """In the console's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, content: bytes) -> SessionSecret | None:
        """Keep what is needed when they are back; None: too many are on their way."""
        secret = SessionSecret.new()
        told = {"id": secret.id, "content": encrypt(secret.key, content, CONTEXT)}
        with self._engine.begin() as connection:
            connection.execute(SWEEP)
            begun = connection.execute(BEGIN, {**told, "within": WITHIN, "most": MOST})
        return secret if begun.rowcount else None

    def take(self, secret: SessionSecret) -> bytes | None:
        """What was kept, once; None: nothing, or not any more."""
        with self._engine.begin() as connection:
            found = connection.execute(TAKE, {"id": secret.id}).one_or_none()
        try:
            if found is None or not found.in_time:
                return None
            return decrypt(secret.key, bytes(found.content), CONTEXT)
        except Unsealable:
            return None
