"""What the role of intake's processes may do with intake's own tables."""

from kernel.store.privileges import APPEND, READ

PRIVILEGES = {
    "episode": f"{APPEND}, UPDATE, DELETE",
    "stay": f"{APPEND}, DELETE",
    "registration": f"{APPEND}, UPDATE (site_id)",
    "client_site": READ,
    "permit": APPEND,
    "identity_audit": APPEND,
    "safety_task": f"{APPEND}, UPDATE (owner, closed_at, action), DELETE",
    "likeness": f"{APPEND}, DELETE",
    "search_token": f"{APPEND}, DELETE",
    "doubles_judged": f"{APPEND}, UPDATE (verdict)",
}
