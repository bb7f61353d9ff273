"""Checksums of Kafka's batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record import default_records
from kafka.record._crc32c import crc as in_python

from kernel.messaging import checksums
from kernel.messaging.checksums import compute_in_c, crc32c


@given(st.binary(max_size=300))
def test_a_checksum_in_c_is_the_one_in_python(content: bytes) -> None:
    assert crc32c(memoryview(content)) == in_python(content)


def test_batches_are_written_with_the_one_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_records, "calc_crc32c", in_python)  # given back after
    monkeypatch.setattr(checksums, "calc_crc32c", lambda _: 7)
    compute_in_c()
    builder = default_records.DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1000)
    builder.append(0, timestamp=1, key=None, value=b"said", headers=[])
    assert default_records.DefaultRecordBatch(builder.build()).crc == 7
