"""What the role of a service's processes may do with each table of its record.

A table without a row here, or among the service's own, gives it nothing. Locking rows takes UPDATE.
"""

from collections.abc import Mapping

# A database's roles are called by one name and these; see kernel/store/roles.py.
OWNER, MIGRATIONS, PROCESSES = "_owner", "_migrations", "_processes"

NOTHING = ""
READ = "SELECT"
APPEND = "SELECT, INSERT"
CHANGE = f"{APPEND}, UPDATE"
REPLACE = f"{CHANGE}, DELETE"

RECORD: Mapping[str, str] = {
    # What was decided and told stands for good.
    "fact": APPEND,
    "command": APPEND,
    "published": f"{APPEND}, UPDATE (sent_at)",
    "sequence": f"{APPEND}, UPDATE (last, last_id, last_written)",
    "given_up": APPEND,
    "released": APPEND,
    "read_audit": APPEND,
    "forgotten_owner": APPEND,
    "document": f"{APPEND}, DELETE",
    # What people keep for themselves.
    "draft": REPLACE,
    "draft_day": f"{APPEND}, DELETE",
    "saved_view": REPLACE,
    # The words of `restored` and `seal`.
    "epoch": READ,
    "seal": READ,
    # What was heard may be heard anew, and what is derived follows it.
    "heard_topic": CHANGE,
    "heard_head": REPLACE,
    "heard_fact": REPLACE,
    "asked_for": REPLACE,
    "parked": f"{APPEND}, DELETE",
    "derived": f"{APPEND}, UPDATE (current, provenance)",
    "derivation_code": CHANGE,
    "due": REPLACE,
    "due_reaction": REPLACE,
    "due_mark": "USAGE",
    "owed": READ,
    # Locks, and signs of life.
    "subject": CHANGE,
    "stream_ordinal": CHANGE,
    "heartbeat": CHANGE,
    # Those of `migrate`.
    "alembic_version": NOTHING,
    "data_key": NOTHING,
}
