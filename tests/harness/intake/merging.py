"""Merging two clients at a desk, and taking them apart."""

from collections.abc import Sequence
from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from tests.harness.intake.service import Desk

ADMINISTRATOR = frozenset({"administrator"})


def merge_request(
    survivor: str, absorbed: str, *, settled: Sequence[str] = (), remark: str = "one photograph"
) -> pb.MergeClientsRequest:
    return pb.MergeClientsRequest(
        survivor_client_id=survivor,
        absorbed_client_id=absorbed,
        reason=pb.MERGE_REASON_REGISTERED_TWICE,
        remark=remark,
        settled=[f"MERGE_DIFFERENCE_{one}" for one in settled],
    )


def unmerge_request(
    survivor: str, absorbed: str, *, remark: str = "two photographs"
) -> pb.UnmergeClientsRequest:
    return pb.UnmergeClientsRequest(
        survivor_client_id=survivor,
        absorbed_client_id=absorbed,
        reason=pb.UNMERGE_REASON_TWO_PEOPLE,
        remark=remark,
    )


def merge(
    desk: Desk,
    survivor: str,
    absorbed: str,
    *,
    settled: Sequence[str] = (),
    remark: str = "one photograph",
    **call: Any,
) -> Any:
    return desk.call(merge_request(survivor, absorbed, settled=settled, remark=remark), **call)


def unmerge(
    desk: Desk, survivor: str, absorbed: str, *, remark: str = "two photographs", **call: Any
) -> Any:
    return desk.call(unmerge_request(survivor, absorbed, remark=remark), **call)
