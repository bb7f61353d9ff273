"""What a browser holds, and what is derived of it."""

from hypothesis import given
from hypothesis import strategies as st

from ninehours.console.sessions.secret import SessionSecret

SECRET, OTHER = SessionSecret.new(), SessionSecret.new()


def test_a_cookie_is_the_secret_and_nothing_else_is() -> None:
    assert SessionSecret.of_cookie(SECRET.cookie) == SECRET
    for spoiled in ("", "short", SECRET.cookie[:-4], SECRET.cookie + "AAAA", "ü" * 43):
        assert SessionSecret.of_cookie(spoiled) is None


def test_each_form_carries_another_text_and_each_is_of_its_session() -> None:
    tokens = {SECRET.form_token() for _ in range(20)}
    assert len(tokens) == 20
    assert all(map(SECRET.made, tokens))
    assert not any(map(OTHER.made, tokens))


@given(st.text())
def test_nothing_else_is_a_form_of_the_session(text: str) -> None:
    assert not SECRET.made(text)


def test_what_the_database_has_does_not_tell_the_secret() -> None:
    assert SECRET.value not in SECRET.id
    assert SECRET.id != OTHER.id
    assert "value" not in repr(SECRET)
