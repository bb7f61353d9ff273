"""As kernel/store/privileges.py has it of the record, of the console's tables."""

from collections.abc import Mapping

from kernel.store.privileges import APPEND, NOTHING

CONSOLE: Mapping[str, str] = {
    "session": f"{APPEND}, UPDATE (used_at, who, renewing_until), DELETE",
    "sign_in": f"{APPEND}, DELETE",
    "alembic_version_of_console": NOTHING,
}
