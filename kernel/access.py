"""What each process of a service may do on Kafka: made from what it publishes and hears."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kernel.process import Service
from kernel.services import topic_of


class Permission(StrEnum):
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
    permission: Permission
    resource: Resource
    name: str


def grants_of(service: Service) -> Iterator[Grant]:
    """Its relay alone writes its topic; its stream reads what it hears; its api, for `verify`, its
    own topic. What isn't granted is refused."""
    own = topic_of(service.name)
    for permission in (Permission.WRITE, Permission.DESCRIBE):
        yield Grant(f"{service.name}-relay", permission, Resource.TOPIC, own)
    for permission in (Permission.READ, Permission.DESCRIBE):
        yield Grant(f"{service.name}-api", permission, Resource.TOPIC, own)
    if not service.hears:
        return
    stream = f"{service.name}-stream"
    for heard in service.hears:
        for permission in (Permission.READ, Permission.DESCRIBE):
            yield Grant(stream, permission, Resource.TOPIC, topic_of(heard))
    yield Grant(stream, Permission.READ, Resource.GROUP, stream)
