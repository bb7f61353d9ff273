"""Checksums of Kafka's batches: kafka-python computes them in Python, aiokafka beside it in C."""

from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]
from kafka.record import default_records


def crc32c(content: memoryview | bytes) -> int:
    """Of a batch, as kafka-python calls for it."""
    return int(calc_crc32c(bytes(content)))


def compute_in_c() -> None:
    """From now on, in this process: a kilobyte in 1 µs instead of 200."""
    default_records.calc_crc32c = crc32c
