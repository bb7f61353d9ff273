"""What `make chaos` is told: how long, of which seed, and what it is to do without."""

import pytest

# What isn't found is told by what stands there.
pytest.register_assert_rewrite("tests.system.contract")

from tests.harness.chaos.faults import KINDS  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    chaos = parser.getgroup("chaos")
    chaos.addoption(
        "--minutes", type=float, default=15.0, help="no round begins later than that (15)"
    )
    chaos.addoption("--seed", type=int, default=1, help="all rounds' follow from it (1)")
    chaos.addoption(
        "--without",
        action="append",
        default=[],
        metavar="KIND",
        help="kinds of faults to leave out, by a word of their name, such as disk;"
        f" all are: {'; '.join(KINDS)}",
    )
