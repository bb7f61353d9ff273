"""As kernel/store/privileges.py has it of the record, of a key store's tables."""

from collections.abc import Mapping

from kernel.store.privileges import APPEND, NOTHING

KEY_STORE: Mapping[str, str] = {
    "owner_key": f"{APPEND}, UPDATE (master, wrapped), DELETE",
    "destroyed_key": APPEND,
    "master_key": f"{APPEND}, UPDATE (since)",
    "alembic_version_of_keys": NOTHING,
}
