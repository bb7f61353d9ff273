"""A file of claims is written, beside the time in which pyx12 reads it.

Both on one thread, of the processor: no disk and no network stand between. pyx12 reads the very
bytes, against the form's map, with no report written; reading its maps is left out.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from io import StringIO

import pyx12.x12n_document

from benchmarks.rows import Row, measured, median_ratio
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from services.billing.domain.x12.t837.claim import Batch837P
from services.billing.domain.x12.t837.claim_file import write_claims
from tests.harness.x12 import judge
from tests.harness.x12.professional_claims import CONTROL, CREATED, GOLDEN, batch, claim

CLAIMS = 10_000


def rows(_servers: LocalServers, _secrets: MachineSecrets, rounds: int) -> Iterator[Row]:
    """One row: seconds."""
    laid = batch(
        *(claim(claim_id=f"C-{number}", lines=GOLDEN[0].lines) for number in range(CLAIMS))
    )
    data = _written(laid)
    found = measured(
        rounds,
        {
            "ours": lambda: _seconds(lambda: _written(laid)),
            "against": lambda: _seconds(lambda: _read(data)),
        },
    )
    yield Row(
        name=f"837 of {CLAIMS:,} claims, and pyx12 reading it",
        ours=statistics.median(found["ours"]),
        against=statistics.median(found["against"]),
        unit="s",
        ratio=median_ratio(found["ours"], found["against"]),
        at_most=0.25,
    )


def _seconds(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def _written(laid: Batch837P) -> bytes:
    return write_claims(laid, control=CONTROL, created=CREATED, usage="T")


def _read(data: bytes) -> None:
    with judge.maps_read_once():
        source = StringIO(data.decode("ascii"))
        accepted = pyx12.x12n_document.x12n_document(judge.params(), source, None, None)
    assert accepted
