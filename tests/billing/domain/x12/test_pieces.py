"""A claim file in pieces: what is about one claim stands apart from what is about none."""

from pathlib import Path

import pytest

from services.billing.domain.x12.t837.pieces import pieces_of
from tests.harness.x12.reading import claims_of

NAMING = ("NM1*IL*", "DMG*", "CLM*", "SBR*")


@pytest.mark.parametrize("form", ["837p", "837i"])
def test_each_claim_is_a_piece_with_its_subscriber_and_the_rest_names_no_client(form: str) -> None:
    content = (Path(__file__).parent / f"golden_{form}.x12").read_bytes()
    pieces = list(pieces_of(content.decode()))
    assert "".join(piece.content for piece in pieces).encode() == content
    claims = [piece for piece in pieces if piece.claim]
    assert [piece.claim for piece in claims] == [each.claim_id for each in claims_of(content)]
    assert len(claims) >= 2
    for piece in claims:
        assert all(piece.content.count(f"\n{tag}") == 1 for tag in NAMING[1:]), piece.claim
    for piece in pieces:
        if not piece.claim:
            assert not [tag for tag in NAMING if tag in piece.content]
