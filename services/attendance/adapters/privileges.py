"""What the role of attendance's processes may do with attendance's own tables."""

from kernel.store.privileges import APPEND, READ

PRIVILEGES = {
    "scheduled_session": f"{APPEND}, UPDATE (closed, cancelled)",
    "template_session": APPEND,
    "attendee": APPEND,
    "attended": f"{APPEND}, UPDATE (attended)",
    "presence_interval": f"{APPEND}, UPDATE (left_at), DELETE",
    "signed_note": APPEND,
    "unsigned_note": READ,
}
