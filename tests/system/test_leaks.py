"""Nobody's name leaves intake unasked: surnames are searched in everything that is kept or sent."""

from collections.abc import Callable
from pathlib import Path

from kernel.services import SERVICES
from ninehours.story.courses import StoryName
from ninehours.story.people import CLIENTS, invent_people
from tests.system.calm import SEED
from tests.system.played import Played


def found(surnames: list[str], content: bytes) -> set[str]:
    """Which surnames stand in these bytes, without regard to case."""
    lower = content.lower()
    return {name for name in surnames if name.lower().encode() in lower}


def surnames() -> list[str]:
    names = [client.family_name for client in invent_people(SEED).clients]
    assert len(set(names)) == CLIENTS
    return names


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_names_are_nowhere_in_the_clear_but_in_the_exported_claims(
    calm: Played, record_property: Callable[[str, object], None]
) -> None:
    names = surnames()
    exported = b"".join(file.read_bytes() for file in calm.files)
    # Of the one who was declined nothing was ever claimed; of everybody else, some day.
    declined = invent_people(SEED)[StoryName.SCREENED_OUT].family_name
    claimed = found(names, exported)
    assert declined not in claimed
    assert len(claimed) > CLIENTS - 10
    read: dict[str, int] = {}
    for path in files_below(calm.data):
        if path.is_relative_to(calm.data / "exports"):
            continue
        content = path.read_bytes()
        part = path.relative_to(calm.data).parts[0]
        read[part] = read.get(part, 0) + len(content)
        assert found(names, content) == set(), f"a name stands in {path.relative_to(calm.data)}"
    for service, rows in calm.rows_read.items():
        read[f"rows of {service}"] = len(rows)
        assert found(names, rows) == set(), f"a name stands in a row of {service}"
    for part, size in read.items():
        record_property(f"searched for names in {part}", f"{size:,} bytes")
    assert {"kafka", "logs", "postgres"} <= read.keys()
    logs = {path.name for path in files_below(calm.data / "logs") if path.stat().st_size}
    assert logs >= {"postgres.log", "kafka.log", *(f"{service}-api.log" for service in SERVICES)}
    assert min(read["kafka"], read["logs"], read["postgres"]) > 10_000


def test_names_were_planted_in_identities_goals_and_notes(calm: Played) -> None:
    """Opened with their keys, the sealed documents do hold them."""
    for service in ("intake", "plans", "attendance"):
        assert len(found(surnames(), calm.opened[service])) > CLIENTS / 2, service


def test_what_people_typed_to_find_somebody_and_left_unsent_was_searched_too(calm: Played) -> None:
    """They typed every name: tokens, drafts, views and the audit of questions hold something."""
    for service in SERVICES:
        assert {"draft", "draft_day", "saved_view"} <= calm.tables_read[service], service
    assert {"search_token", "read_audit", "likeness"} <= calm.tables_read["intake"]


def test_the_search_sees_what_kafka_and_the_databases_hold(calm: Played) -> None:
    """Records are sent as they are, not compressed: a name would be found if it were there."""
    segments = [path for path in files_below(calm.data / "kafka") if path.suffix == ".log"]
    kept = b"".join(path.read_bytes() for path in segments)
    for kind in (
        "intake.v1.ClientAdmitted",
        "attendance.v1.SessionAttended",
        "billing.v1.ClaimIssued",
    ):
        assert f"ninehours.{kind}".encode() in kept
    assert b"lantern row" in kept.lower()  # the site's name: a body, not a header
    assert b"Lantern Row" in calm.rows_read["attendance"]
    for service in calm.rows_read:
        assert f"ninehours.{service}.v1".encode() in calm.rows_read[service]
