"""What is sealed opens under its own owner's key and in its own context only."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as some

from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.ports import KeyLost, MasterKeyMissing, OwnerForgotten, WrappedKey
from kernel.keys.sealing import Unsealable, decrypt
from kernel.rereading import EVERY
from kernel.secrets import SecretMissing
from kernel.vault import Vault
from tests.harness.kernel.keys import KeysInMemory

OWNER, CONTEXT = "client/7", b"client/7 name 1"
KEYS = KeysInMemory()
VAULT = Vault(KEYS)
SEALED = VAULT.seal(OWNER, b"Jane Doe", CONTEXT)
KEY = bytes(range(32, 64))


@given(some.binary(max_size=500), some.binary(max_size=50))
def test_what_is_sealed_can_be_opened(plaintext: bytes, context: bytes) -> None:
    assert VAULT.open(OWNER, VAULT.seal(OWNER, plaintext, context), context) == plaintext


def test_sealed_shows_nothing_and_is_never_the_same_twice() -> None:
    assert b"Jane" not in SEALED
    assert VAULT.seal(OWNER, b"Jane Doe", CONTEXT) != SEALED


@pytest.mark.parametrize(
    ("owner", "context"),
    [("client/8", CONTEXT), (OWNER, b"client/7 name 2"), (OWNER, b"")],
    ids=["another owner", "another version", "no context"],
)
def test_another_owner_or_context_opens_nothing(owner: str, context: bytes) -> None:
    KEYS.make("client/8")
    with pytest.raises(Unsealable) as refused:
        VAULT.open(owner, SEALED, context)
    assert "Jane" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_an_altered_byte_anywhere_is_noticed(place: int) -> None:
    altered = bytearray(SEALED)
    altered[place] ^= 1
    with pytest.raises(Unsealable):
        VAULT.open(OWNER, bytes(altered), CONTEXT)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_what_is_cut_short_is_noticed(length: int) -> None:
    with pytest.raises(Unsealable):
        VAULT.open(OWNER, SEALED[:length], CONTEXT)


def test_a_lost_key_is_told_as_lost_and_a_destroyed_one_as_forgotten() -> None:
    with pytest.raises(KeyLost):
        VAULT.open("client/9", SEALED, CONTEXT)
    KEYS.make("client/10")
    KEYS.destroy({"client/10": datetime.now(UTC)})
    with pytest.raises(OwnerForgotten):
        VAULT.open("client/10", SEALED, CONTEXT)
    with pytest.raises(OwnerForgotten):
        VAULT.seal("client/10", b"Jane", CONTEXT)


def test_a_digest_is_the_same_for_the_same_and_depends_on_its_key() -> None:
    assert VAULT.digest(b"Jane") == Vault(KEYS).digest(b"Jane")
    assert len(VAULT.digest(b"")) == 32
    others = {VAULT.digest(b"Joan"), Vault(KeysInMemory()).digest(b"Jane")}
    assert len({VAULT.digest(b"Jane"), *others}) == 3


# Master keys, mounted


def write(folder: Path, name: str, key: bytes) -> None:
    (folder / name).write_bytes(b64encode(key))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the first master key of the golden forms."""
    write(tmp_path, "intake.master", bytes(range(32)))
    return tmp_path


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_stored_forms_stay_readable(folder: Path) -> None:
    """Golden: written once, and never to be edited."""
    masters = MountedMasterKeys(folder, "intake")
    wrapped = bytes.fromhex(
        "17e61e7f22eccd7e7148762642bed290aa0a3849571f2bed9722993b4541666176edd5b613b1de99"
        "641a48cbe6876b340deaaf007962a59329d3339a"
    )
    sealed = bytes.fromhex(
        "34b73185becce71bf3c5401f9a8a39b04fda619275f4ee4ab8347863bc30a4f537622e0bef292e6697"
    )
    key = masters.unwrap_unbound(wrapped)
    assert decrypt(AESGCM(key), sealed, b"golden") == b"an old secret"
    keys = KeysInMemory()
    keys.digesting = lambda: masters.first_digesting() or b""  # type: ignore[method-assign]
    assert Vault(keys).digest(b"golden").hex() == (
        "b88142ddba3baf8ae847371f59047b4ae3ebc4e8dba3f1ef2ef2b67c19ef1fa6"
    )


def test_a_wrapped_key_opens_for_its_owner_under_its_master_key_alone(folder: Path) -> None:
    write(folder, "intake.master.2027", bytes(32))
    write(folder, "intake.master-in-use", b"")
    (folder / "intake.master-in-use").write_text("2027\n")
    masters = MountedMasterKeys(folder, "intake")
    wrapped = masters.wrap(KEY, OWNER)
    assert wrapped.master == "2027"
    assert masters.unwrap(wrapped, OWNER) == KEY
    assert KEY not in wrapped.wrapped
    assert masters.wrap(KEY, OWNER) != wrapped
    for other, owner in [
        (wrapped, "client/8"),
        (WrappedKey("first", wrapped.wrapped), OWNER),
        (WrappedKey("2027", b""), OWNER),
    ]:
        with pytest.raises(Unsealable):
            masters.unwrap(other, owner)
    with pytest.raises(Unsealable):
        masters.unwrap_unbound(wrapped.wrapped)
    with pytest.raises(MasterKeyMissing, match="2028"):
        masters.unwrap(WrappedKey("2028", wrapped.wrapped), OWNER)


def test_the_same_key_under_another_id_opens_nothing(folder: Path) -> None:
    """The id is bound: a file that is renamed is another master key."""
    wrapped = MountedMasterKeys(folder, "intake").wrap(KEY, OWNER)
    (folder / "intake.master").rename(folder / "intake.master.other")
    renamed = MountedMasterKeys(folder, "intake")
    with pytest.raises(Unsealable):
        renamed.unwrap(WrappedKey("other", wrapped.wrapped), OWNER)


def test_files_count_while_the_process_runs_and_the_last_good_ones_stay(folder: Path) -> None:
    clock = Clock()
    masters = MountedMasterKeys(folder, "intake", clock=clock)
    first = masters.wrap(KEY, OWNER)
    write(folder, "intake.master.2027", bytes(32))
    (folder / "intake.master-in-use").write_text("2027")
    assert masters.in_use == "first"
    clock.now += EVERY + 1
    assert masters.in_use == "2027"
    newer = masters.wrap(KEY, OWNER)
    (folder / "intake.master-in-use").write_text("2028")
    clock.now += EVERY + 1
    assert masters.in_use == "2027"
    assert masters.unwrap(newer, OWNER) == masters.unwrap(first, OWNER) == KEY


def test_a_master_key_that_another_process_knows_already_is_looked_for_at_once(
    folder: Path,
) -> None:
    masters = MountedMasterKeys(folder, "intake", clock=Clock())
    write(folder, "intake.master.2027", bytes(32))
    (folder / "intake.master-in-use").write_text("2027")
    wrapped = MountedMasterKeys(folder, "intake").wrap(KEY, OWNER)
    assert masters.unwrap(wrapped, OWNER) == KEY


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            {"intake.master.2027": "", "intake.master-in-use": "2027"},
            "intake.master.2027 is not 32 bytes",
        ),
        ({"intake.master.": "x"}, "ends in no id"),
        ({"intake.master.A": "x"}, "ends in no id"),
        ({"intake.master.first": "x"}, "has the id of"),
        ({"intake.master-in-use": "2027"}, "names none of the master keys"),
        ({"intake.master-in-use": ""}, "names none of the master keys"),
    ],
)
def test_files_that_are_no_keys_refuse_to_start(
    folder: Path, names: dict[str, str], told: str
) -> None:
    for name, content in names.items():
        (folder / name).write_text(content)
    with pytest.raises(SecretMissing, match=told):
        MountedMasterKeys(folder, "intake")


def test_of_several_master_keys_one_is_said_to_be_in_use(folder: Path) -> None:
    write(folder, "intake.master.2027", bytes(32))
    with pytest.raises(SecretMissing, match="master-in-use"):
        MountedMasterKeys(folder, "intake")
