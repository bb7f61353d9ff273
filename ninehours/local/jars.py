"""Jars: fetched once from the network, checked against a lock of hashes at every start."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]
Resolver = Callable[["JarSet", Path], Iterable[Path]]
"""Is given an empty folder to work in and answers where the jars are."""


class JarsMissing(RuntimeError):
    """What is made of them cannot start: some are neither here nor could be fetched."""


@dataclass(frozen=True, slots=True)
class JarSet:
    """Jars that are fetched together. `name`: whose; `instead`: what helps where they can't be."""

    name: str
    coordinates: str
    lock: Path
    megabytes: int
    instead: str


KAFKA = JarSet(
    name="Kafka",
    coordinates="org.apache.kafka:kafka_2.13:4.1.1+org.slf4j:slf4j-simple:1.7.36",
    lock=Path(__file__).with_name("jars.lock"),
    megabytes=43,
    instead="set NINEHOURS_KAFKA to the address of a broker of your own",
)


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    sha256: str
    name: str
    coordinate: str


def resolve_with_jgo(jar_set: JarSet, folder: Path) -> Iterable[Path]:
    """Resolve them in `folder` alone, so that nothing spoiled elsewhere is used again."""
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=folder / "repository")
    environment = EnvironmentBuilder(context=context, cache_dir=folder / "envs").from_endpoint(
        jar_set.coordinates
    )
    return [*environment.class_path_jars, *environment.module_path_jars]


def cache_folder() -> Path:
    """Where the jars are kept for every data directory of this user."""
    if chosen := os.environ.get("NINEHOURS_CACHE"):
        return Path(chosen).expanduser().absolute() / "jars"
    import platformdirs

    return Path(platformdirs.user_cache_dir("ninehours")) / "jars"


def read_lock(lock: Path) -> tuple[Jar, ...]:
    """The jars that a start takes, and no others."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    jars = tuple(Jar(*line.split()) for line in lines if line and not line.startswith("#"))
    if not jars:
        raise JarsMissing(f"{lock} names no jar; it came with the source, so restore it from there")
    return jars


def fetched(
    jar_set: JarSet,
    progress: Progress,
    *,
    folder: Path | None = None,
    jars: tuple[Jar, ...] | None = None,
    resolve: Resolver = resolve_with_jgo,
) -> list[Path]:
    """Every jar of the lock, present and of the right content; what is missing is resolved."""
    folder = folder or cache_folder()
    jars = jars or read_lock(jar_set.lock)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not _is_good(folder / jar.name, jar, progress)]
    if missing:
        reason = _fetch(jar_set, missing, len(jars), folder, resolve=resolve, progress=progress)
        still = [jar for jar in missing if not _is_good(folder / jar.name, jar, progress)]
        if still:
            raise JarsMissing(_how_to_help(jar_set, still, folder, reason)) from reason
    return [folder / jar.name for jar in jars]


def _is_good(path: Path, jar: Jar, progress: Progress) -> bool:
    """Whether the file is the one of the lock; another one is put out of the way, by name."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return False
    if found == jar.sha256:
        return True
    path.unlink()
    progress(f"refused and removed {path}: its SHA-256 is {found}, not {jar.sha256} as locked")
    return False


def _fetch(
    jar_set: JarSet,
    missing: list[Jar],
    total: int,
    folder: Path,
    *,
    resolve: Resolver,
    progress: Progress,
) -> Exception | None:
    """Bring what can be brought; the reason why not is answered, for the message that follows."""
    wanted = {jar.name: jar for jar in missing}
    progress(
        f"fetching {jar_set.name}'s jars ({len(wanted)} of {total}, {jar_set.megabytes} MB in all,"
        " only this once)"
    )
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as name:
        scratch = Path(name)
        finished = threading.Event()
        teller = threading.Thread(
            target=_tell, args=(jar_set.name, scratch, total, finished, progress), daemon=True
        )
        teller.start()
        try:
            for path in resolve(jar_set, scratch):
                jar = wanted.get(path.name)
                if jar is not None:
                    # A copy, renamed when whole: two starts at once must not see half a jar.
                    whole = scratch / f"whole-{path.name}"
                    shutil.copyfile(path, whole)
                    if _is_good(whole, jar, progress):
                        whole.replace(folder / jar.name)
        except Exception as error:  # The resolver's errors are many: all mean "could not fetch".
            return error
        finally:
            finished.set()
            teller.join()
    return None


def _tell(
    name: str, scratch: Path, total: int, finished: threading.Event, progress: Progress
) -> None:
    told = 0
    while not finished.wait(2):
        here = len({path.name for path in scratch.rglob("*.jar")})
        if here > told:
            told = here
            progress(f"fetching {name}'s jars: {min(here, total)} of {total}")


def _how_to_help(
    jar_set: JarSet, missing: list[Jar], folder: Path, reason: Exception | None
) -> str:
    files = "\n".join(f"  {jar.name}  ({jar.coordinate}, SHA-256 {jar.sha256})" for jar in missing)
    why = f" ({type(reason).__name__}: {reason})" if reason else ""
    return (
        f"{len(missing)} of {jar_set.name}'s jars are missing and could not be fetched{why}.\n"
        f"Start once with a network, or put these files into {folder} "
        f"(another folder: set NINEHOURS_CACHE):\n{files}\n"
        f"Or {jar_set.instead}."
    )
