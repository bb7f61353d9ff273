"""What intake hears of others, as it arrives."""

from uuid import uuid4

from google.protobuf.message import Message

from kernel.messaging.envelope import Envelope, Record
from tests.harness.intake.strategies import NOW
from tests.harness.signing import signed


def as_record(message: Message, subject: str, *, service: str, sequence: int = 1) -> Record:
    """As the service publishes it, in the subject's log there."""
    envelope = Envelope(
        id=uuid4(),
        type=message.DESCRIPTOR.full_name,
        source=f"/services/{service}",
        subject=subject,
        time=NOW,
        signed_at=NOW,
        epoch=1,
        sequence=sequence,
        network="local",
        label="HIPAA",
        may_ignore=False,
        causation="",
        correlation="",
        traceparent="",
    )
    return signed(
        Record(
            topic=f"ninehours.{service}.v1",
            partition=0,
            offset=sequence,
            headers=envelope.headers(),
            body=message.SerializeToString(),
        )
    )
