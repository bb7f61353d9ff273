"""A statement of ours means what SQLAlchemy's text of the same words means."""

from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.exc import ProgrammingError

from kernel.store.statements import text
from kernel.store.store import Store
from tests.harness.kernel.owner import as_owner

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "no parameter": ("SELECT 1 AS one, 'a' AS two", {}),
    "a percent sign that is told": ("SELECT '100%s' AS told, 7 % 4 AS left", {}),
    "a percent sign beside a parameter": ("SELECT :text LIKE 'a%' AS is_so", {"text": "ab"}),
    "a parameter twice": ("SELECT CAST(:n AS int) + CAST(:n AS int) AS sum", {"n": 2}),
    "a cast": ("SELECT '7'::int + 1 AS eight", {}),
    "a colon behind a backslash": (r"SELECT 'at \:noon' AS told", {}),
    "a list": ("SELECT n FROM unnest(CAST(:all AS int[])) AS n", {"all": [3, 1, 2]}),
    "JSON": ("SELECT CAST(:body AS jsonb) AS body", {"body": '{"n": 1}'}),
    "bytes": ("SELECT CAST(:body AS bytea) AS body", {"body": b"\x00%s"}),
    "nothing known": ("SELECT CAST(:n AS int) AS n", {"n": None}),
}


@pytest.mark.parametrize("asked", ASKED)
def test_it_answers_the_same_under_the_same_names(counting: Store, asked: str) -> None:
    sql, parameters = ASKED[asked]
    with counting.engine.connect() as connection:
        found = connection.execute(text(sql), parameters)
        expected = connection.execute(sqlalchemy.text(sql), parameters)
        assert found.keys() == expected.keys()
        assert found.all() == expected.all()
        assert connection.scalar(text(sql), parameters) == connection.scalar(
            sqlalchemy.text(sql), parameters
        )


def test_it_counts_what_it_wrote_and_is_told_of_many_at_once(counting: Store) -> None:
    with as_owner(counting) as tx:
        connection = tx.connection
        connection.execute(text("CREATE TEMP TABLE told (n int) ON COMMIT DROP"))
        connection.execute(text("INSERT INTO told VALUES (:n)"), [{"n": 1}, {"n": 2}, {"n": 3}])
        assert (
            connection.execute(text("UPDATE told SET n = 0 WHERE n < :n"), {"n": 3}).rowcount == 2
        )
        assert connection.scalars(text("SELECT n FROM told ORDER BY n")).all() == [0, 0, 3]


def test_a_parameter_that_is_not_given_is_a_refusal(counting: Store) -> None:
    with counting.engine.connect() as connection, pytest.raises(ProgrammingError):
        connection.execute(text("SELECT :n"), {"m": 1})


def test_the_same_words_are_read_once() -> None:
    assert text("SELECT 1") is text("SELECT 1")
