"""What the role of billing's processes may do with billing's own tables."""

from kernel.store.privileges import APPEND

PRIVILEGES = {
    "file_audit": APPEND,
    "control_number": "USAGE",
}
