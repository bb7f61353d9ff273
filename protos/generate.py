"""Generate the Python of every .proto below into build/generated. It is not committed."""

import shutil
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "build" / "generated"


def sources() -> list[Path]:
    """Every .proto file, sorted, so that the stamp does not depend on the file system."""
    return sorted(HERE.rglob("*.proto"))


def stamp() -> str:
    """What the generated code depends on: the files, their names, and the generator's version."""
    digest = sha256(version("grpcio-tools").encode())
    for path in [*sources(), Path(__file__)]:
        digest.update(path.relative_to(HERE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def generate() -> None:
    """Write modules and type stubs; a half-written folder is never taken for a whole one."""
    import grpc_tools
    from grpc_tools import protoc

    fresh = TARGET.with_name("generated.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    outcome = protoc.main(
        [
            "protoc",
            f"--proto_path={HERE}",
            f"--proto_path={well_known}",
            f"--python_out={fresh}",
            f"--pyi_out={fresh}",
            *(str(path) for path in sources()),
        ]
    )
    if outcome != 0:
        sys.exit("protoc refused a .proto file; its message is above")
    (fresh / "STAMP").write_text(stamp())
    shutil.rmtree(TARGET, ignore_errors=True)
    fresh.rename(TARGET)


if __name__ == "__main__":
    current = TARGET / "STAMP"
    if not (current.is_file() and current.read_text() == stamp()):
        print(f"Generating {len(sources())} proto files")
        generate()
