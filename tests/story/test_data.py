"""What the command line does with a data directory: ours, new, or somebody else's."""

from pathlib import Path

import pytest

from ninehours.cli.data import DEFAULT_SEED, check_data, keep_seed, seed_of
from ninehours.cli.ending import CONFLICT, USAGE, Failure


def test_a_new_or_empty_directory_is_taken(tmp_path: Path) -> None:
    assert check_data(tmp_path) == tmp_path
    assert check_data(tmp_path / "new") == tmp_path / "new"
    assert not (tmp_path / "new").exists()


def test_somebody_elses_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(Failure, match="not empty") as refused:
        check_data(tmp_path)
    assert refused.value.code == USAGE
    with pytest.raises(Failure, match="is a file"):
        check_data(tmp_path / "thesis.doc")


@pytest.mark.parametrize("names", [["launcher.lock", "postgres"], ["secrets", "logs"]])
def test_an_earlier_launchs_directory_is_taken_again(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert check_data(tmp_path) == tmp_path


def test_a_directory_holds_one_story(tmp_path: Path) -> None:
    assert seed_of(tmp_path, None) == DEFAULT_SEED
    assert seed_of(tmp_path, 3) == 3
    keep_seed(tmp_path, 3)
    assert seed_of(tmp_path, None) == seed_of(tmp_path, 3) == 3
    with pytest.raises(Failure, match="seed 3") as refused:
        seed_of(tmp_path, 4)
    assert refused.value.code == CONFLICT
