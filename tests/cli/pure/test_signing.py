"""Signing keys are replaced by two commands, on one machine, each of which says what is next."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kernel.secrets import OF_FACTS, public_keys
from ninehours.cli.app import app
from ninehours.cli.ending import CONFLICT, NOT_FOUND, USAGE
from ninehours.local.secrets import MachineSecrets


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MachineSecrets:
    """Of a data directory, which the command line is in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NINEHOURS_PEERS", raising=False)
    made = MachineSecrets(tmp_path / "data" / "secrets")
    made.root.mkdir(parents=True)
    made.make()
    return made


def keys(*arguments: str) -> Result:
    ran: Result = CliRunner().invoke(app, ["keys", *arguments, "--data", "data"])
    return ran


def test_the_next_key_is_told_with_what_to_do_later(machine: MachineSecrets) -> None:
    ran = keys("rotate-signing", "billing")
    [kid] = {*public_keys(machine.folder_of("plans"))} - {
        *("people", "console", "intake", "plans", "attendance", "billing")
    }
    assert kid in ran.stdout
    assert "`ninehours keys withdraw-signing billing`" in ran.stdout
    told = json.loads(keys("rotate-signing", "intake", "--json").stdout)
    assert (told["issuer"], told["facts"]) == ("intake", False)
    later = datetime.fromisoformat(told["withdraw_from"]) - datetime.now(UTC)
    assert timedelta(minutes=60) < later < timedelta(minutes=63)


def test_of_facts_the_one_before_stays_published(machine: MachineSecrets) -> None:
    ran = keys("rotate-signing", "billing", "--facts")
    assert "stays published" in ran.stdout
    assert "withdraw" not in ran.stdout
    assert len(public_keys(machine.folder_of("plans"), OF_FACTS)) == 5
    assert len(public_keys(machine.folder_of("plans"))) == 6


def test_withdrawn_early_is_refused_in_one_line_and_nothing_is_changed(
    machine: MachineSecrets,
) -> None:
    keys("rotate-signing", "billing")
    before = public_keys(machine.folder_of("plans"))
    ran = keys("withdraw-signing", "billing")
    assert ran.exit_code == CONFLICT
    assert ran.stderr.count("\n") == 1
    assert "are good until" in ran.stderr
    assert set(public_keys(machine.folder_of("plans"))) == set(before)


def test_a_stolen_one_is_withdrawn_at_once(machine: MachineSecrets) -> None:
    keys("rotate-signing", "billing")
    ran = keys("withdraw-signing", "billing", "--stolen")
    assert ran.stdout.startswith("billing: 1 key withdrawn (billing)")
    assert "billing" not in public_keys(machine.folder_of("plans"))
    again = keys("withdraw-signing", "billing")
    assert (again.exit_code, "it has one key" in again.stdout) == (0, True)
    assert json.loads(keys("withdraw-signing", "billing", "--json").stdout)["withdrawn"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("rotate-signing", "scheduling"), USAGE, "signs nothing"),
        (("rotate-signing", "people", "--facts"), USAGE, "people: tells no facts"),
        (("rotate-signing", "billing", "--data", "elsewhere"), NOT_FOUND, "there is no system"),
    ],
)
def test_what_there_is_not_is_refused(
    machine: MachineSecrets, arguments: tuple[str, ...], code: int, says: str
) -> None:
    before = sorted(path for path in machine.root.rglob("*"))
    ran = CliRunner().invoke(app, ["keys", *arguments[:1], "--data", "data", *arguments[1:]])
    assert ran.exit_code == code
    assert says in ran.stderr
    assert sorted(path for path in machine.root.rglob("*")) == before


def test_of_a_system_elsewhere_it_says_where_to_read(
    machine: MachineSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NINEHOURS_PEERS", "billing=billing:443")
    ran = CliRunner().invoke(app, ["keys", "rotate-signing", "billing"])
    assert (ran.exit_code, "docs/operations.md" in ran.stderr) == (USAGE, True)


def test_keys_that_lie_as_a_release_of_before_had_them_are_told_apart_from_none(
    machine: MachineSecrets,
) -> None:
    people = machine.folder_of("people") / "people.jwk.json"
    people.rename(machine.root / people.name)
    for ran in (
        keys("rotate-signing", "people"),
        CliRunner().invoke(app, ["token", "biller", "--data", "data"]),
    ):
        assert (ran.exit_code, "`up` moves them" in ran.stderr) == (CONFLICT, True)
