"""One machine's keys: each service's in its own folder, people's apart, replaced in two steps."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kernel.keys.mounted import MountedMasterKeys
from kernel.rpc.tokens import Issuer, Unauthenticated
from kernel.rpc.verifier import Verifier
from kernel.secrets import OF_FACTS, OF_TOKENS, SecretMissing, master_keys, private_key, public_keys
from kernel.services import SERVICES
from kernel.signing_key import SigningKey
from ninehours.local.secrets import MachineSecrets, TooEarly, TwoOfOneSecret

ADA = ("staff/ada", ["clinician"], ["*"], "TREATMENT")
BILLING = ("service/billing", ["service:billing"], ["*"], "PAYMENT")


@pytest.fixture
def machine(tmp_path: Path) -> MachineSecrets:
    made = MachineSecrets(tmp_path / "secrets")
    made.make()
    return made


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def of_before(machine: MachineSecrets) -> Path:
    """As a release of before kept the same keys: all in one folder, not saying since when."""
    for path in [*machine.root.glob("*/*")]:
        if path.is_symlink():
            path.unlink()
            continue
        kept = path.read_text()
        if path.name.endswith("jwk.json"):
            kept = json.dumps({key: said for key, said in json.loads(kept).items() if key != "iat"})
        if path.name.endswith("jwks.json"):
            keys = json.loads(kept)["keys"]
            kept = json.dumps(
                {"keys": [{k: said for k, said in key.items() if k != "iat"} for key in keys]}
            )
        path.write_text(kept)
        path.rename(machine.root / path.name)
    for folder in machine.root.iterdir():
        if folder.is_dir():
            folder.rmdir()
    return machine.root


def test_a_services_folder_holds_its_own_keys_and_what_is_public(machine: MachineSecrets) -> None:
    for service in SERVICES:
        assert {path.name for path in machine.folder_of(service).iterdir()} == {
            f"{service}.jwk.json",
            f"{service}.facts.jwk.json",
            f"{service}.master",
            "public.jwks.json",
            "facts.jwks.json",
        }
        assert not any("d" in key for key in published(machine, service, OF_TOKENS.public))
        assert not any("d" in key for key in published(machine, service, OF_FACTS.public))


def published(machine: MachineSecrets, service: str, name: str) -> list[dict[str, object]]:
    keys: list[dict[str, object]] = json.loads((machine.folder_of(service) / name).read_text())[
        "keys"
    ]
    return keys


def test_nobody_finds_anothers_private_key_in_the_own_folder(machine: MachineSecrets) -> None:
    for service in SERVICES:
        for other in {*OF_TOKENS.issuers} - {service}:
            with pytest.raises(SecretMissing):
                private_key(machine.folder_of(service), other)
        for other in {*SERVICES} - {service}:
            with pytest.raises(SecretMissing):
                private_key(machine.folder_of(service), other, OF_FACTS)
            with pytest.raises(SecretMissing):
                master_keys(machine.folder_of(service), other)


def test_each_is_believed_by_all_with_the_own_folder_alone(machine: MachineSecrets) -> None:
    shown = [Issuer(machine.folder_of("people"), "people").token(*ADA)]
    for service in SERVICES:
        own = (f"service/{service}", [f"service:{service}"], ["*"], "OPERATIONS")
        shown.append(Issuer(machine.folder_of(service), service).token(*own))
        MountedMasterKeys(machine.folder_of(service), service)
        SigningKey(machine.folder_of(service), service, keys=OF_FACTS)
    for service in SERVICES:
        verifier = Verifier(machine.folder_of(service))
        believed = {verifier.actor(token).id for token in shown}
        assert believed == {"staff/ada", *(f"service/{name}" for name in SERVICES)}


def test_secrets_are_their_owners_only_and_stay_when_made_again(machine: MachineSecrets) -> None:
    before = files_in(machine.root)
    for path in machine.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    machine.make()
    assert files_in(machine.root) == before


def test_a_key_made_anew_is_published_in_place_of_the_lost_one(machine: MachineSecrets) -> None:
    (machine.folder_of("people") / "people.jwk.json").unlink()
    machine.make()
    token = Issuer(machine.folder_of("people"), "people").token(*ADA)
    assert Verifier(machine.folder_of("plans")).actor(token).id == "staff/ada"


def test_a_first_master_key_that_others_replaced_is_not_made_anew(machine: MachineSecrets) -> None:
    folder = machine.folder_of("intake")
    (folder / "intake.master").rename(folder / "intake.master.2027")
    machine.make()
    assert not (folder / "intake.master").exists()
    assert MountedMasterKeys(folder, "intake").in_use == "2027"


# From a release that kept all in one folder


def test_what_a_release_of_before_kept_in_one_folder_goes_to_its_owners(
    machine: MachineSecrets,
) -> None:
    folder = of_before(machine)
    (folder / "intake.master.2027").write_bytes((folder / "intake.master").read_bytes())
    (folder / "intake.master-in-use").write_text("2027")
    (folder / "notes.txt").write_text("somebody's")
    before = files_in(folder)
    machine.make()
    after = files_in(folder)
    for name, kept in before.items():
        if name.endswith("jwks.json"):
            assert set(public_keys(machine.folder_of("plans"), OF_TOKENS)) == set(OF_TOKENS.issuers)
        elif name == "notes.txt":
            assert after[name] == kept
        else:
            assert after[f"{name.partition('.')[0]}/{name}"] == kept
            assert name not in after
    assert MountedMasterKeys(machine.folder_of("intake"), "intake").in_use == "2027"


class Killed(BaseException):
    """In the middle."""


def kill_at(patched: pytest.MonkeyPatch, step: int) -> list[int]:
    """The so-manieth change to the disk isn't made any more; gives what is left until then."""
    left = [step]

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def make(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return change(*given, **named)

        return make

    for name in ("rename", "symlink_to", "replace", "mkdir"):
        patched.setattr(Path, name, counted(getattr(Path, name)))
    return left


def test_killed_anywhere_while_they_are_moved_the_next_start_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, step = [-1], 0
    while left[0] < 0:
        machine = MachineSecrets(tmp_path / str(step))
        machine.make()
        kept = files_in(of_before(machine))
        with monkeypatch.context() as patched, suppress(Killed):
            left = kill_at(patched, step)
            machine.make()
        machine.make()
        for name, content in kept.items():
            if not name.endswith("jwks.json"):
                folder = machine.folder_of(name.partition(".")[0])
                assert (folder / name).read_bytes() == content
        for service in SERVICES:
            assert set(public_keys(machine.folder_of(service))) == set(OF_TOKENS.issuers)
        step += 1
    assert step > len(kept)


def test_what_a_release_of_before_made_anew_overwrites_nothing(machine: MachineSecrets) -> None:
    before = files_in(machine.root)
    (machine.root / "intake.master").write_text("another")
    with pytest.raises(TwoOfOneSecret, match=r"intake\.master"):
        machine.make()
    assert files_in(machine.root) == {**before, "intake.master": b"another"}


# The next key, and the one before


def test_the_next_key_is_published_to_all_beside_the_one_before(machine: MachineSecrets) -> None:
    kid = machine.rotate("billing")
    for service in SERVICES:
        keys = public_keys(machine.folder_of(service))
        assert {"billing", kid} < set(keys)
    assert private_key(machine.folder_of("billing"), "billing").kid == kid


def test_every_key_says_when_it_was_made_one_of_before_by_its_file(machine: MachineSecrets) -> None:
    folder = of_before(machine)
    long_ago = datetime(2025, 2, 3, tzinfo=UTC).timestamp()
    os.utime(folder / "plans.jwk.json", (long_ago, long_ago))
    machine.make()
    machine.rotate("plans")
    for name in (OF_TOKENS.public, OF_FACTS.public):
        assert all(type(key["iat"]) is int for key in published(machine, "intake", name))
    made = {key["kid"]: key["iat"] for key in published(machine, "intake", OF_TOKENS.public)}
    assert made["plans"] == long_ago


def test_the_one_before_is_withdrawn_once_no_token_of_it_is_good(
    machine: MachineSecrets,
) -> None:
    kid = machine.rotate("billing")
    before = files_in(machine.root)
    with pytest.raises(TooEarly, match="good until"):
        machine.withdraw("billing")
    assert files_in(machine.root) == before
    made_at(machine, "billing", datetime.now(UTC) - timedelta(hours=1, minutes=3))
    assert machine.withdraw("billing") == ["billing"]
    keys = {*public_keys(machine.folder_of("plans"))}
    assert keys == {*OF_TOKENS.issuers} - {"billing"} | {kid}
    assert machine.withdraw("billing") == []


def test_tokens_of_people_are_good_for_longer(machine: MachineSecrets) -> None:
    machine.rotate("people")
    made_at(machine, "people", datetime.now(UTC) - timedelta(days=29))
    with pytest.raises(TooEarly):
        machine.withdraw("people")


def test_a_stolen_ones_tokens_are_ended_at_once(machine: MachineSecrets) -> None:
    token = Issuer(machine.folder_of("billing"), "billing").token(*BILLING)
    machine.rotate("billing")
    assert Verifier(machine.folder_of("plans")).actor(token).id == "service/billing"
    assert machine.withdraw("billing", at_once=True) == ["billing"]
    with pytest.raises(Unauthenticated):
        Verifier(machine.folder_of("plans")).actor(token)


def test_keys_of_facts_stay_published(machine: MachineSecrets) -> None:
    kid = machine.rotate("billing", OF_FACTS)
    machine.rotate("billing")
    machine.withdraw("billing", at_once=True)
    machine.make()
    assert {"billing", kid} < set(public_keys(machine.folder_of("intake"), OF_FACTS))


def test_two_who_replace_keys_at_once_lose_none(machine: MachineSecrets) -> None:
    kids = [*together(*(partial(machine.rotate, service) for service in SERVICES * 5))]
    assert {*kids} < set(public_keys(machine.folder_of("intake")))


def together(*makes: Callable[[], str]) -> Iterator[str]:
    with ThreadPoolExecutor(len(makes)) as threads:
        yield from threads.map(lambda make: make(), makes)


def made_at(machine: MachineSecrets, issuer: str, when: datetime) -> None:
    path = OF_TOKENS.private_path(machine.folder_of(issuer), issuer)
    path.write_text(json.dumps({**json.loads(path.read_text()), "iat": int(when.timestamp())}))
