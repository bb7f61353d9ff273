"""What each process of a service may do on Kafka: made from what it publishes and hears."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kernel.process import Service, topic_of


class Operation(StrEnum):
    """As Kafka calls them."""

    READ = "READ"
    WRITE = "WRITE"
    DESCRIBE = "DESCRIBE"


class Resource(StrEnum):
    """As Kafka calls them."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True)
class Grant:
    """`principal`: the name in the certificate of who may; `name`: exactly this topic or group."""

    principal: str
    operation: Operation
    resource: Resource
    name: str


def grants_of(service: Service) -> Iterator[Grant]:
    """Its relay alone writes its topic; its stream reads what it hears; its api, for `verify`, its
    own topic. What isn't granted is refused."""
    own = topic_of(service.name)
    for operation in (Operation.WRITE, Operation.DESCRIBE):
        yield Grant(f"{service.name}-relay", operation, Resource.TOPIC, own)
    for operation in (Operation.READ, Operation.DESCRIBE):
        yield Grant(f"{service.name}-api", operation, Resource.TOPIC, own)
    if not service.hears:
        return
    stream = f"{service.name}-stream"
    for heard in service.hears:
        for operation in (Operation.READ, Operation.DESCRIBE):
            yield Grant(stream, operation, Resource.TOPIC, topic_of(heard))
    yield Grant(stream, Operation.READ, Resource.GROUP, stream)
