"""What is sealed opens under its own key, context and master only."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.vault import Unsealable, Vault

MASTER = bytes(range(32))
VAULT = Vault(MASTER)
KEY = VAULT.new_wrapped_key()
SEALED = VAULT.seal(KEY, b"Jane Doe", b"client/7 name 1")


@given(some.binary(max_size=500), some.binary(max_size=50))
def test_what_is_sealed_can_be_opened(plaintext: bytes, context: bytes) -> None:
    assert VAULT.open(KEY, VAULT.seal(KEY, plaintext, context), context) == plaintext


def test_it_opens_after_a_restart_too() -> None:
    assert Vault(MASTER).open(KEY, SEALED, b"client/7 name 1") == b"Jane Doe"


def test_sealed_and_wrapped_show_nothing_and_are_never_the_same_twice() -> None:
    assert b"Jane" not in SEALED
    assert VAULT.seal(KEY, b"Jane Doe", b"client/7 name 1") != SEALED
    assert VAULT.new_wrapped_key() != VAULT.new_wrapped_key()


@pytest.mark.parametrize(
    ("vault", "key", "context"),
    [
        (VAULT, VAULT.new_wrapped_key(), b"client/7 name 1"),
        (VAULT, KEY, b"client/8 name 1"),
        (VAULT, KEY, b""),
        (Vault(bytes(32)), KEY, b"client/7 name 1"),
        (VAULT, SEALED, b"client/7 name 1"),
        (VAULT, b"", b"client/7 name 1"),
    ],
    ids=["another key", "another owner", "no context", "another master", "no key", "forgotten"],
)
def test_another_key_context_or_master_opens_nothing(
    vault: Vault, key: bytes, context: bytes
) -> None:
    with pytest.raises(Unsealable) as refused:
        vault.open(key, SEALED, context)
    assert "Jane" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_an_altered_byte_anywhere_is_noticed(place: int) -> None:
    altered = bytearray(SEALED)
    altered[place] ^= 1
    with pytest.raises(Unsealable):
        VAULT.open(KEY, bytes(altered), b"client/7 name 1")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_what_is_cut_short_is_noticed(length: int) -> None:
    with pytest.raises(Unsealable):
        VAULT.open(KEY, SEALED[:length], b"client/7 name 1")


def test_a_digest_is_the_same_for_the_same_and_depends_on_the_master() -> None:
    assert VAULT.digest(b"Jane") == Vault(MASTER).digest(b"Jane")
    assert len(VAULT.digest(b"")) == 32
    assert (
        len({VAULT.digest(b"Jane"), VAULT.digest(b"Joan"), Vault(bytes(32)).digest(b"Jane")}) == 3
    )


def test_stored_forms_stay_readable() -> None:
    """Golden: written once, and never to be edited."""
    wrapped = bytes.fromhex(
        "17e61e7f22eccd7e7148762642bed290aa0a3849571f2bed9722993b4541666176edd5b613b1de99"
        "641a48cbe6876b340deaaf007962a59329d3339a"
    )
    sealed = bytes.fromhex(
        "34b73185becce71bf3c5401f9a8a39b04fda619275f4ee4ab8347863bc30a4f537622e0bef292e6697"
    )
    assert VAULT.open(wrapped, sealed, b"golden") == b"an old secret"
    assert VAULT.digest(b"golden").hex() == (
        "b88142ddba3baf8ae847371f59047b4ae3ebc4e8dba3f1ef2ef2b67c19ef1fa6"
    )


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")
