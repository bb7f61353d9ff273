"""A batch's file at rest: what names a client is sealed under that client's key, and forgotten so.

Files of before are kept whole, under their batch's key alone: they begin as X12 does.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.keys.ports import OwnerForgotten
from kernel.vault import Vault
from services.billing.domain.x12.t837.pieces import pieces_of

FORMAT = "claim file/2"


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file as it was issued, but for the claims of clients who were forgotten since."""

    content: bytes
    forgotten_claims: int = 0


def in_pieces(vault: Vault, batch_id: str, content: bytes, clients: Mapping[str, str]) -> bytes:
    """What is kept of the file. `clients`: a claim's number → whose it is."""
    pieces: list[dict[str, str]] = []
    for place, piece in enumerate(pieces_of(content.decode())):
        if not piece.claim:
            pieces.append({"text": piece.content})
            continue
        owner = f"client/{clients[piece.claim]}"
        sealed = vault.seal(owner, piece.content.encode(), _context(batch_id, place))
        pieces.append({"owner": owner, "sealed": b64encode(sealed).decode()})
    return json.dumps({"format": FORMAT, "pieces": pieces}).encode()


def put_together(vault: Vault, batch_id: str, kept: bytes) -> BatchFile:
    """The file again; without the claims of whom was forgotten, which are counted."""
    if not kept.startswith(b"{"):
        return BatchFile(kept)
    content, forgotten = b"", 0
    for place, piece in enumerate(json.loads(kept)["pieces"]):
        if "text" in piece:
            content += piece["text"].encode()
            continue
        try:
            sealed = b64decode(piece["sealed"])
            content += vault.open(piece["owner"], sealed, _context(batch_id, place))
        except OwnerForgotten:
            forgotten += 1
    return BatchFile(content, forgotten)


def _context(batch_id: str, place: int) -> bytes:
    return f"batch/{batch_id}|{place}".encode()
