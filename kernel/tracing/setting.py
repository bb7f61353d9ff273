"""Whether a process has traces: by `NINEHOURS_TRACING`, with OpenTelemetry's own variables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.config import Settings, WrongSetting
from kernel.tracing import spans

TRACED = ("api", "relay", "stream")
# The first that is there says where the collector is.
COLLECTOR = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


@contextmanager
def traced(settings: Settings, process: str) -> Iterator[None]:
    """Within, this process tells of its traces, if it is to.

    WrongSetting: without the packages, with variables that OpenTelemetry can't use, and in
    production for a collector that isn't spoken to under TLS.
    """
    if settings.tracing and process in TRACED:
        _open(settings, process)
    try:
        yield
    finally:
        spans.close_tracer()


def _open(settings: Settings, process: str) -> None:
    name = next((name for name in COLLECTOR if os.environ.get(name)), COLLECTOR[-1])
    if settings.environment == "production" and not os.environ.get(name, "").startswith("https://"):
        raise WrongSetting(f"{name}: production speaks TLS on every wire; name https://host:port")
    try:
        from kernel.tracing.otlp import OtlpTracer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise WrongSetting(
            "NINEHOURS_TRACING: needs what requirements-tracing.lock lists"
        ) from None
    labels = {"service": settings.service, "process": process, "network": settings.network}
    try:
        spans.open_tracer(OtlpTracer(labels))
    except Exception as error:  # whatever it can't read, in words of its own, with values
        raise WrongSetting(
            f"NINEHOURS_TRACING: OpenTelemetry can't use one of its own variables, OTEL_...:"
            f" {type(error).__name__}"
        ) from None
