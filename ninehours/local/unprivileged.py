"""Runs PostgreSQL for root, which it refuses to serve, without opening any folder to anybody.

A program on its own, `unprivileged.py HOW FOLDER PROGRAM ARGUMENT...`, standard library only, so
that nothing else is loaded before it becomes PROGRAM. HOW is

- `namespace`: a user namespace in which whoever runs this is called `nobody`. Files stay theirs,
  and what only they may read stays readable. It also helps a user without a name, whom initdb
  refuses just as it refuses root.
- `capability`: where namespaces are forbidden (many containers) or FOLDER stands under somebody
  else's. The user becomes `nobody`, who keeps one right of root: to pass folders closed to others.
"""

import ctypes
import os
import pwd
import sys

NAMESPACE = "namespace"
CAPABILITY = "capability"
WAYS = (NAMESPACE, CAPABILITY)

CLONE_NEWUSER = 0x10000000
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITIES_VERSION_3 = 0x20080522


def main(arguments: list[str]) -> None:
    how, folder, program, *rest = arguments
    try:
        if how == NAMESPACE:
            enter_namespace()
        else:
            become_nobody()
        # Looked at, not asked by os.access: that leaves out the rights of a capability.
        os.scandir(folder).close()
        os.execv(program, [program, *rest])  # noqa: S606  that is what it is for
    except OSError as error:
        sys.exit(f"{how}: {error}")


def enter_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    name = nobody()
    files = (
        ("setgroups", b"deny"),
        ("uid_map", f"{name} {user} 1".encode()),
        ("gid_map", f"{name} {group} 1".encode()),
    )
    _must(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER), "a user namespace")
    # Nothing is imported from here on, not even a codec: Python's own files may be closed to us.
    for file, content in files:
        with open(f"/proc/self/{file}", "wb", buffering=0) as mapping:  # noqa: PTH123
            mapping.write(content)


def become_nobody() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _must(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keeping capabilities")
    os.setgroups([])
    name = nobody()
    os.setresgid(name, name, name)
    os.setresuid(name, name, name)
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _must(libc.capset(header, sets), "setting capabilities")
    raised = libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    _must(raised, "an ambient capability")


def nobody() -> int:
    """A user of this machine who is not root: `nobody`, where there is one."""
    named = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    return named.get("nobody") or next(iter(named.values()), 65534)


def is_ordinary(user: int) -> bool:
    """Whether PostgreSQL would run as that user: not root, and with a name."""
    try:
        return user != 0 and bool(pwd.getpwuid(user).pw_name)
    except KeyError:
        return False


def _must(answer: int, what: str) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        sys.exit(f"{what} is not permitted: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])
