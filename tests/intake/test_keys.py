"""A new master key of intake, through its api: members, doubles and commands stay who they were."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from uuid import uuid4

from ninehours.exchange.v1.operating_service_pb2 import GetStatusRequest, RewrapKeysRequest
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.process import Service
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from tests.harness.api import api
from tests.harness.intake.service import Desk, register

DESK = ("staff/1", "front_desk", "TREATMENT")
OPERATOR = ("person/olga", "operator", "OPERATIONS")


def test_with_a_new_master_key_commands_are_repeated_and_doubles_found_as_before(
    new_store: Callable[[Service], Store], secrets_dir: Path, tmp_path: Path
) -> None:
    store, folder = new_store(SERVICE), tmp_path / "secrets"
    copytree(secrets_dir, folder)
    desk = Desk(store)
    request, another = register(), register()
    request.meta.command_id, another.meta.command_id = str(uuid4()), str(uuid4())
    with api(SERVICE, store, folder, desk.now) as served:
        first: pb.RegisterClientResponse = served.ask(request, *DESK)
        [before] = served.ask(GetStatusRequest(), *OPERATOR).master_keys
        assert (before.id, before.in_use, before.wraps > 1) == ("first", True, True)
        (folder / "intake.master.2027").write_bytes(b64encode(bytes(range(32))))
        (folder / "intake.master-in-use").write_text("2027")
    with api(SERVICE, store, folder, desk.now) as served:
        told = served.ask(RewrapKeysRequest(), *OPERATOR)
        assert (told.master_key, told.rewrapped, told.left) == ("2027", before.wraps, 0)
    (folder / "intake.master").unlink()
    with api(SERVICE, store, folder, desk.now) as served:
        [after] = served.ask(GetStatusRequest(), *OPERATOR).master_keys
        assert (after.id, after.wraps, after.HasField("seconds")) == ("2027", before.wraps, True)
        assert served.ask(request, *DESK).client_id == first.client_id
        again = served.ask(another, *DESK)
        assert list(again.possible_doubles) == [first.client_id]
