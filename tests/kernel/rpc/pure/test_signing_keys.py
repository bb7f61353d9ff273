"""Keys of services are replaced while they run: no call is refused, and what is withdrawn ends."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from kernel import secrets
from kernel.rereading import EVERY
from kernel.rpc.tokens import (
    Issuer,
    Unauthenticated,
    renewed_tokens,
    service_tokens,
)
from kernel.rpc.verifier import Verifier
from ninehours.local.secrets import MachineSecrets

BILLING = ("service/billing", ["service:billing"], ["*"], "PAYMENT")


@dataclass
class Clock:
    """One that tests set."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest.fixture
def machine(tmp_path: Path) -> MachineSecrets:
    made = MachineSecrets(tmp_path)
    made.make()
    return made


@pytest.fixture
def folder(machine: MachineSecrets) -> Path:
    """Billing's."""
    return machine.folder_of("billing")


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def public(folder: Path) -> Path:
    return folder / "public.jwks.json"


def test_a_new_key_signs_a_minute_after_it_was_published(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    token = service_tokens(folder, "billing", clock=clock)
    assert kid_of(token()) == "billing"
    machine.rotate("billing")
    for _ in range(59):
        clock.now += 1
        assert kid_of(token()) == "billing"
    clock.now += EVERY + 2
    assert kid_of(token()) == secrets.private_key(folder, "billing").kid != "billing"


def test_a_key_that_nobody_published_never_signs(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    issuer = Issuer(folder, "billing", clock=clock)
    before = public(folder).read_bytes()
    machine.rotate("billing")
    public(folder).write_bytes(before)
    for _ in range(100):
        clock.now += 100
        assert issuer.kid == "billing"


def test_a_key_whose_public_half_is_anothers_never_signs(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    issuer = Issuer(folder, "billing", clock=clock)
    machine.rotate("billing")
    kid = str(secrets.private_key(folder, "billing").kid)
    published = json.loads(public(folder).read_text())
    [of_intake] = [key for key in published["keys"] if key["kid"] == "intake"]
    others = [key for key in published["keys"] if key["kid"] != kid]
    public(folder).write_text(json.dumps({"keys": [*others, {**of_intake, "kid": kid}]}))
    for _ in range(3):
        clock.now += 100
        assert issuer.kid == "billing"


def test_no_call_is_refused_while_keys_are_replaced_again_and_again(
    tmp_path: Path, clock: Clock
) -> None:
    """Of a service whose files reach others 50 s later, as volumes of a cluster do."""
    machine, there = MachineSecrets(tmp_path / "here"), tmp_path / "there"
    machine.make()
    here = machine.folder_of("billing")
    there.mkdir()
    tokens = [service_tokens(here, "billing", clock=clock) for _ in range(2)]
    verifiers = []
    kids = set()
    for second in range(3 * 900):
        match second % 900:
            case 100:
                machine.rotate("billing")
            case 850:
                machine.withdraw("billing", at_once=True)
            case 0 | 150 | 899:
                shutil.copy(public(here), there)
        if second % 500 == 0:
            verifiers.append(Verifier(there, clock=clock))
        for token in tokens:
            shown = token()
            kids.add(kid_of(shown))
            assert all(each.actor(shown).id == "service/billing" for each in verifiers)
        clock.now += 1
    assert len(kids) == 4


def test_a_withdrawn_key_is_believed_no_more_within_a_minute(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    verifier = Verifier(folder, clock=clock)
    old = Issuer(folder, "billing", clock=clock).token(*BILLING, timedelta(minutes=10))
    machine.rotate("billing")
    clock.now += EVERY
    assert verifier.actor(old).id == "service/billing"
    machine.withdraw("billing", at_once=True)
    clock.now += 60
    with pytest.raises(Unauthenticated):
        verifier.actor(old)


def test_who_signed_with_a_withdrawn_key_takes_the_next_one_at_once(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    token = service_tokens(folder, "billing", clock=clock)
    assert kid_of(token()) == "billing"
    machine.rotate("billing")
    machine.withdraw("billing", at_once=True)
    clock.now += EVERY
    assert Verifier(folder, clock=clock).actor(token()).id == "service/billing"


def test_a_token_under_a_key_just_published_is_believed_within_a_second(
    machine: MachineSecrets, folder: Path, clock: Clock
) -> None:
    verifier = Verifier(folder, clock=clock)
    machine.rotate("billing")
    new = Issuer(folder, "billing", clock=clock).token(*BILLING)
    clock.now += 1
    assert verifier.actor(new).id == "service/billing"


def test_a_key_is_its_issuers_alone(machine: MachineSecrets, folder: Path) -> None:
    """The id of a key says whose it is, and nobody else signs with it."""
    machine.rotate("billing")
    private = json.loads((folder / "billing.jwk.json").read_text())
    for kid in ("intake/2", "people", "billingx", "", None):
        (folder / "billing.jwk.json").write_text(json.dumps({**private, "kid": kid}))
        with pytest.raises(secrets.SecretMissing, match=r"billing\.jwk\.json"):
            Issuer(folder, "billing")


BROKEN: list[Callable[[bytes], bytes]] = [
    lambda whole: whole[: len(whole) // 2],
    lambda whole: b"",
    lambda whole: b"[]",
    lambda whole: b"{}",
    lambda whole: b'{"keys": []}',
    lambda whole: b'{"keys": [7]}',
    lambda whole: b"[" * 100_000,
    lambda whole: b"\xff\xfe",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_of_a_file_half_written_the_last_good_keys_stay_and_it_is_said_once(
    machine: MachineSecrets,
    folder: Path,
    clock: Clock,
    broken: Callable[[bytes], bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    verifier, issuer = Verifier(folder, clock=clock), Issuer(folder, "billing", clock=clock)
    whole = public(folder).read_bytes()
    public(folder).write_bytes(broken(whole))
    (folder / "billing.jwk.json").write_bytes(broken((folder / "billing.jwk.json").read_bytes()))
    for _ in range(5):
        clock.now += 60
        assert verifier.actor(issuer.token(*BILLING)).id == "service/billing"
    told = [line for line in capsys.readouterr().err.splitlines() if "file not taken" in line]
    assert sorted("public" in line for line in told) == [False, True]
    public(folder).write_bytes(whole)
    machine.rotate("intake")
    new = Issuer(machine.folder_of("intake"), "intake", clock=clock).token(
        "service/intake", ["service:intake"], ["*"], "PAYMENT"
    )
    clock.now += 60
    assert verifier.actor(new).id == "service/intake"


def test_a_file_that_is_gone_takes_no_key_away(folder: Path, clock: Clock) -> None:
    verifier, issuer = Verifier(folder, clock=clock), Issuer(folder, "billing", clock=clock)
    public(folder).unlink()
    (folder / "billing.jwk.json").unlink()
    clock.now += 600
    assert verifier.actor(issuer.token(*BILLING)).id == "service/billing"


def test_a_token_is_held_for_half_its_life_while_the_key_is_the_same(
    folder: Path, clock: Clock
) -> None:
    issuer = Issuer(folder, "billing", clock=clock)
    actor = Verifier(folder, clock=clock).actor(issuer.token(*BILLING))
    token = renewed_tokens(issuer, actor, timedelta(minutes=10))
    first = token()
    clock.now += 299
    assert token() == first
    clock.now += 1
    assert token() != first


def test_the_key_files_of_before_several_keys_are_read(tmp_path: Path) -> None:
    """Written by a release that had one key an issuer, named after it."""
    key = OKPKey.generate_key("Ed25519", {"kid": "billing", "use": "sig", "alg": "Ed25519"})
    (tmp_path / "billing.jwk.json").write_text(json.dumps(key.as_dict(private=True)))
    (tmp_path / "public.jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    token = Issuer(tmp_path, "billing").token(*BILLING)
    assert Verifier(tmp_path).actor(token).id == "service/billing"


def test_status_is_told_of_each_key_since_when_and_whether_it_signs(
    machine: MachineSecrets, folder: Path
) -> None:
    kid = machine.rotate("billing")

    def told() -> dict[tuple[str, str], tuple[bool, bool, bool]]:
        found = secrets.signing_key_ages(folder, "billing")
        return {
            (key.use, key.id): (key.signs, key.published, key.made_at is not None) for key in found
        }

    assert told() == {
        ("tokens", "billing"): (False, True, True),
        ("tokens", kid): (True, True, True),
        ("facts", "billing"): (True, True, True),
    }
    of_before = json.loads((folder / "billing.jwk.json").read_text())
    (folder / "billing.jwk.json").write_text(
        json.dumps({**of_before, "kid": "billing/lost", "iat": "long ago"})
    )
    assert told()["tokens", "billing/lost"] == (True, False, False)
    (folder / "facts.jwks.json").unlink()
    assert {use for use, _ in told()} == {"tokens"}


def test_of_many_keys_the_one_that_signs_is_told_and_the_newest(
    machine: MachineSecrets, folder: Path
) -> None:
    kids = [machine.rotate("billing", secrets.OF_FACTS) for _ in range(secrets.TOLD + 2)]
    told = [age for age in secrets.signing_key_ages(folder, "billing") if age.use == "facts"]
    assert (len(told), told[0].id, told[0].signs) == (secrets.TOLD, kids[-1], True)
    assert not any(age.signs for age in told[1:])
