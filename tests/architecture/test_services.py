"""What is said of a service in several places is the same everywhere."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from kernel.process import Service
from kernel.publishing import Kept
from kernel.services import SERVICES
from kernel.statements import StatementAmended
from ninehours.local.system import PROCESSES
from ninehours.story.catching_up import HEARS

ROOT = Path(__file__).resolve().parents[2]


def declared(service: str) -> Service:
    found: Service = import_module(f"services.{service}.__main__").SERVICE
    return found


def test_every_service_has_its_folder_its_protos_and_its_processes() -> None:
    folders = {path.parent.name for path in ROOT.glob("services/*/__main__.py")}
    protos = {path.parents[1].name for path in ROOT.glob("protos/ninehours/*/v1/*_events.proto")}
    assert set(SERVICES) == folders == protos == set(PROCESSES)


def test_settled_waits_for_all_that_is_heard() -> None:
    heard = {service: declared(service).hears for service in SERVICES}
    assert {service: hears for service, hears in heard.items() if hears} == HEARS


@pytest.mark.parametrize("service", SERVICES)
def test_of_every_private_fact_it_is_decided_what_others_hear(
    service: str, record_property: Callable[[str, object], None]
) -> None:
    codec = import_module(f"services.{service}.adapters.stored").FACTS
    decisions = import_module(f"services.{service}.adapters.publication").DECISIONS
    assert len(decisions) >= 15
    # What amends a fact goes the way of what it amends.
    assert set(decisions) == set(codec.names.values()) - {StatementAmended}
    for fact, decision in decisions.items():
        if isinstance(decision, Kept):
            assert decision.why
            record_property(f"kept in {service}: {fact.__name__}", decision.why)
        else:
            assert decision.messages


def test_who_hears_runs_a_stream() -> None:
    for service, processes in PROCESSES.items():
        assert ("stream" in processes) == bool(declared(service).hears), service
