"""What a service answers beside its own RPCs: to operators, and of why its facts are so."""

from collections.abc import Mapping
from typing import Any

from kernel.process import Opened
from operations import fact_servicer, listener_servicer, operating_servicer
from operations.verifying.examination import ServiceChecks


def operations_of(opened: Opened, service_checks: ServiceChecks) -> Mapping[Any, object]:
    """Each gRPC service's descriptor, and what answers it."""
    return {
        listener_servicer.SERVICE: listener_servicer.ListenerServicer(opened.store),
        fact_servicer.SERVICE: fact_servicer.FactServicer(opened.store, opened.kinds["client"]),
        operating_servicer.SERVICE: operating_servicer.OperatingServicer(opened, service_checks),
    }
