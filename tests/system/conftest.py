"""One calm play of the story on the whole system, for every test that looks at what it left."""

import pytest

from ninehours.local.system import LocalSystem
from ninehours.story.people import make_cast
from tests.system.played import Played, Witness, play_on

SEED = 7


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The story, played through with nothing killed; the system has stopped again."""
    data = tmp_path_factory.mktemp("calm") / "data"
    with (
        LocalSystem(data, progress=lambda _: None, clock="caller") as system,
        Witness(system.addresses, system.secrets_dir, seed=SEED) as gateway,
    ):
        return play_on(system, data, gateway, make_cast(SEED))
