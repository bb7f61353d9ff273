"""Becomes a program in mounts of its own, as somebody else: what a container is, without one.

A program on its own, `contained.py DESCRIPTION`, standard library only. The description is JSON:
`root` an empty folder, over which everything is mounted; `files` and `links` in it by path;
`binds` of source, target and whether it is read-only; `empty` of target and bytes; `user`, `group`,
`groups`; `folder`, `argv`, `env`.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS = 0x00020000
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
SIGKILL = 9
LIBC = ctypes.CDLL(None, use_errno=True)


def main(description: str) -> None:
    told = json.loads(description)
    os.umask(0o022)
    try:
        keep_mounts_apart()
        furnish(Path(told["root"]), told)
        os.chroot(told["root"])
        os.chdir(told["folder"])
        become(told["user"], told["group"], told["groups"])
        os.execvpe(told["argv"][0], told["argv"], told["env"])
    except OSError as error:
        sys.exit(f"not contained: {error}")


def keep_mounts_apart() -> None:
    """What this thread mounts from now on, it and those whom it begins see alone."""
    _must(LIBC.unshare(CLONE_NEWNS), "mounts of its own")
    mount("none", "/", flags=REC | PRIVATE)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """As mount(2)."""
    told = [text.encode() if text else None for text in (source, target, kind)]
    _must(LIBC.mount(*told, ctypes.c_ulong(flags), options.encode()), f"mounting {target}")


def furnish(root: Path, told: Any) -> None:
    """Everything that is to be found there; the rest of it is read-only."""
    mount("none", str(root), "tmpfs", options="mode=755")
    for path, text in told["files"].items():
        _within(root, path).write_text(text)
    for path, target in told["links"].items():
        _within(root, path).symlink_to(target)
    for source, path, read_only in told["binds"]:
        target = _within(root, path)
        if Path(source).is_dir():
            target.mkdir(exist_ok=True)
        elif not target.exists():
            target.touch()
        mount(source, str(target), flags=BIND | REC)
        if read_only:
            mount("none", str(target), flags=BIND | REMOUNT | RDONLY | NOSUID | NODEV)
    for path, size in told["empty"]:
        target = _within(root, path)
        target.mkdir(exist_ok=True)
        mount("none", str(target), "tmpfs", NOSUID | NODEV, f"mode=1777,size={size}")
    mount("none", str(root), flags=BIND | REMOUNT | RDONLY)


def become(user: int, group: int, groups: list[int]) -> None:
    """That user for good, who ends with whoever began it."""
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    _must(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _must(LIBC.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "ending with its parent")


def _within(root: Path, path: str) -> Path:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _must(answer: int, what: str) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1])
