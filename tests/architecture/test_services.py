"""What is said of a service in several places is the same everywhere."""

from importlib import import_module

from kernel.process import Service
from kernel.secrets import SERVICES
from ninehours.local.system import PROCESSES
from ninehours.story.catching_up import HEARS


def declared(service: str) -> Service:
    found: Service = import_module(f"services.{service}.__main__").SERVICE
    return found


def test_every_list_of_services_names_the_same() -> None:
    assert set(SERVICES) == set(PROCESSES)


def test_settled_waits_for_all_that_is_heard() -> None:
    heard = {service: declared(service).hears for service in SERVICES}
    assert {service: hears for service, hears in heard.items() if hears} == HEARS


def test_who_hears_runs_a_stream() -> None:
    for service, processes in PROCESSES.items():
        assert ("stream" in processes) == bool(declared(service).hears), service
