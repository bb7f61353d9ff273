"""What docs/architecture.md names is there: modules, processes, tables, topics, RPCs and facts."""

import re
from pathlib import Path

from kernel.services import SERVICES, topic_of
from ninehours.local.system import PROCESSES
from protos.catalogue import declared, read_protos

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
DRAWN = "\n".join(re.findall(r"^```mermaid\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))


def first_cells(header: str) -> list[str]:
    """The names in the first column of the table with this header."""
    table = PAGE.partition(f"| {header} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)


def created_tables() -> set[str]:
    folders = [ROOT / "kernel" / each / "migrations" for each in ("store", "keys")]
    folders += [declared(service).migrations for service in SERVICES]
    return {
        table
        for folder in folders
        for path in folder.rglob("*.py")
        for table in re.findall(r"CREATE TABLE (\w+)", path.read_text())
    }


def test_modules_and_folders_exist() -> None:
    named = re.findall(r"`((?:kernel|services|protos|tests|operations)/[\w/.]+)`", PAGE)
    assert len(named) >= 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_packages_of_the_drawings_exist() -> None:
    named = set(re.findall(r"(?:services|ninehours)\.[a-z_]+(?!\w*\.v1)", DRAWN))
    named -= {f"ninehours.{service}" for service in SERVICES}  # the beginnings of topics
    assert named >= {f"services.{service}" for service in SERVICES}
    assert [name for name in named if not (ROOT / name.replace(".", "/")).is_dir()] == []
    rooms = re.search(r"main\[\"__main__\"\] --> rpc\[\"api\"\] --> (.*)", DRAWN)
    assert rooms is not None
    for room in ["api", *rooms[1].split(" --> ")]:
        assert all((ROOT / "services" / service / room).is_dir() for service in SERVICES), room


def test_processes_are_those_that_run() -> None:
    told = first_cells("process")
    run = {process for processes in PROCESSES.values() for process in processes}
    assert set(told) == run | {"migrate", "rebuild", "seal"}
    assert run <= set(re.findall(r"\w+", DRAWN))


def test_tables_are_those_of_the_migrations() -> None:
    there = created_tables()
    assert len(there) >= 30
    told = first_cells("table")
    assert len(told) >= 10
    drawn = {
        name for names in re.findall(r'\[\("(.+?)"\)\]', DRAWN) for name in names.split("<br/>")
    }
    assert len(drawn) >= 7
    assert {*told, *drawn} <= there


def test_topics_rpcs_and_facts_are_those_of_the_protos() -> None:
    topics = set(re.findall(r"ninehours\.\w+\.v1", PAGE))
    assert topics and topics <= {topic_of(service) for service in SERVICES}
    protos = read_protos().values()
    known = {message.name for proto in protos for message in proto.file.message_type}
    known |= {
        method.name
        for proto in protos
        for service in proto.file.service
        for method in service.method
    }
    known |= {
        fact.__name__ for service in SERVICES for fact in declared(service).codec.names.values()
    }
    words = {"PostgreSQL"}
    named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z]\w+)+\b", PAGE)) - words
    assert len(named) >= 4
    assert named <= known
