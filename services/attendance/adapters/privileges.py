"""What the role of attendance's processes may do with attendance's own tables."""

from kernel.store.privileges import APPEND, READ

PRIVILEGES = {
    "scheduled_session": f"{APPEND}, UPDATE (facilitator_id, starts_at, ends_at, service_date,"
    " closed, cancelled)",
    "misplaced": APPEND,
    "template_session": APPEND,
    "attendee": f"{APPEND}, UPDATE (expected)",
    "attended": f"{APPEND}, UPDATE (attended), DELETE",
    "presence_interval": f"{APPEND}, UPDATE (left_at), DELETE",
    "signed_note": APPEND,
    "unsigned_note": READ,
}
