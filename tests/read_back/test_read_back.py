"""What a service can be told comes back by a typed question of the same service.

Generated over requests: every leaf of every command's is filled, with what nothing else says, and
is found in some answer in a field of its name, or stands among the exceptions with a reason.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from google.protobuf.descriptor import MethodDescriptor

from kernel.process import Service
from kernel.services import SERVICES
from kernel.store.store import Store
from tests.read_back.canaries import META, Leaf, Played, leaves, names
from tests.read_back.exceptions import EXCEPTIONS, NOT_YET, TOLD_AS, UNFILLED
from tests.whose.test_policies import DESCRIPTORS


def commands(service: str) -> list[MethodDescriptor]:
    """All that change what a service records of the world; operators' have no meta."""
    return [
        method
        for name, descriptor in DESCRIPTORS.items()
        if name.startswith(f"ninehours.{service}.v1.")
        for method in descriptor.methods
        if META in method.input_type.fields_by_name
    ]


def expected(service: str) -> dict[tuple[str, str], Leaf]:
    """Request and path → each leaf of each command's."""
    return {
        (method.input_type.name, leaf.path): leaf
        for method in commands(service)
        for leaf in leaves(method.input_type)
    }


@pytest.fixture(scope="module", params=sorted(EXCEPTIONS))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def played(service: str, new_store_of_module: Callable[[Service], Store]) -> Played:
    found: Played = import_module(f"tests.read_back.plays.{service}").play(new_store_of_module)
    return found


def found(played: Played, service: str) -> set[tuple[str, str]]:
    """The leaves of which all that was said is told."""
    told, wanted = played.told(), expected(service)
    return {
        key
        for key, values in played.given().items()
        if key in wanted and values <= told.get(_name(key, wanted[key]), set())
    }


def _name(key: tuple[str, str], leaf: Leaf) -> str:
    [called] = names([key])
    return TOLD_AS.get(called, leaf.name)


def test_every_leaf_of_every_command_was_filled(service: str, played: Played) -> None:
    wanted = expected(service)
    assert len(wanted) > 50
    without_play = {
        key for key in wanted if EXCEPTIONS[service].get(names([key])[0]) not in UNFILLED
    } - played.given().keys()
    assert names(without_play) == []


def test_no_two_leaves_say_the_same_in_words_or_dates(service: str, played: Played) -> None:
    wanted = expected(service)
    by_value: dict[object, dict[str, str]] = {}
    for key, values in played.given().items():
        if key in wanted and wanted[key].is_unique:
            for value in values:
                [name] = names([key])
                by_value.setdefault(value, {})[said_anew(key[1])] = name
    twice = [sorted(keys.values()) for keys in by_value.values() if len(keys) > 1]
    assert twice == []


def said_anew(path: str) -> str:
    """Of a statement that is put right, the path of what it says in the command that said it."""
    return path.split(".", 2)[2] if path.startswith("recording.") else path


def test_every_leaf_comes_back_or_says_why_not(service: str, played: Played) -> None:
    missing = expected(service).keys() - found(played, service)
    assert set(names(missing)) - EXCEPTIONS[service].keys() == set()


def test_nothing_that_comes_back_stands_among_the_exceptions(service: str, played: Played) -> None:
    assert set(names(found(played, service))) & EXCEPTIONS[service].keys() == set()
    assert EXCEPTIONS[service].keys() - set(names(expected(service))) == set()


def test_a_dry_run_answers_what_the_command_answers(played: Played) -> None:
    assert len(played.dry_runs) > 10
    for dry_run in played.dry_runs:
        assert without_receipt(dry_run.supposed) == without_receipt(dry_run.answer), dry_run.command


def test_a_dry_run_keeps_nothing(played: Played) -> None:
    assert [dry_run.command for dry_run in played.dry_runs if dry_run.kept] == []


def test_a_dry_run_says_what_the_command_publishes(played: Played) -> None:
    for dry_run in played.dry_runs:
        receipt = dry_run.supposed.receipt
        assert list(receipt.published) == []
        supposed = [(fact.fact_id, fact.type, fact.body) for fact in receipt.supposed]
        assert supposed == list(dry_run.published), dry_run.command


def without_receipt(answer: Any) -> Any:
    copy = type(answer)()
    copy.CopyFrom(answer)
    copy.ClearField("receipt")
    return copy


def test_every_service_is_played() -> None:
    assert set(EXCEPTIONS) == set(SERVICES)


def test_how_many_leaves_wait_for_a_question(
    service: str, record_property: Callable[[str, object], None]
) -> None:
    waiting = sum(why == NOT_YET for why in EXCEPTIONS[service].values())
    record_property(f"leaves of {service} that no question tells yet", waiting)
