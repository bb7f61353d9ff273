"""Checksums of Kafka's batches."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.record import default_records
from kafka.record._crc32c import crc as in_python

from kernel.messaging.checksums import compute_in_c, crc32c


@given(st.binary(max_size=300))
def test_a_checksum_in_c_is_the_one_in_python(content: bytes) -> None:
    assert crc32c(memoryview(content)) == in_python(content)


def test_batches_are_written_and_read_with_the_one_in_c() -> None:
    compute_in_c()
    assert default_records.calc_crc32c is crc32c
