"""Kafka's brokers: where they answer, how they are spoken to, why they let somebody not in."""

import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Any

from kernel import logs
from kernel.tls.context import ReloadingContext

log = logs.get("kernel.brokers")

LISTENS_WITHIN = 1.0  # seconds
ANSWERS_WITHIN = 5.0  # seconds
AWAY = 0.5  # seconds between two looks at brokers that are away
# ApiVersions, which every client asks first: a port that listens says nothing yet, and under TLS
# 1.3 a client learns that its certificate is refused from the first answer only.
QUESTION = struct.pack(">ihhih", 10, 18, 0, 1, -1)
ANSWER = 8  # bytes: its length, and the number of the question
CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA")  # of what OpenSSL calls the alerts that are about one


@dataclass(frozen=True, slots=True)
class Brokers:
    """`bootstrap`: host:port, separated by commas. `context` None: in plain text."""

    bootstrap: str
    context: ReloadingContext | None = None
    addresses: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        addresses = tuple(address.strip() for address in self.bootstrap.split(","))
        object.__setattr__(self, "addresses", addresses)

    def options(self) -> dict[str, Any]:
        """As kafka-python is told of them."""
        if self.context is None:
            return {"bootstrap_servers": list(self.addresses)}
        return {
            "bootstrap_servers": list(self.addresses),
            "security_protocol": "SSL",
            "ssl_context": self.context,
        }

    def refusal(self) -> str:
        """Why none of them answers; empty: one does."""
        refusals = []
        for address in self.addresses:
            if not (refusal := self._refusal_of(address)):
                return ""
            refusals.append(f"{address}: {refusal}")
        return "; ".join(refusals)

    def await_answer(self, stopping: threading.Event) -> bool:
        """Wait until one answers; False when a stop is asked for meanwhile. Why not is logged."""
        last_refusal = ""
        while not stopping.is_set():
            refusal = self.refusal()
            if not refusal:
                return True
            if refusal != last_refusal:
                log.warning("kafka_away", reason=refusal)
                last_refusal = refusal
            stopping.wait(AWAY)
        return False

    def _refusal_of(self, address: str) -> str:
        host, _, port = address.rpartition(":")
        try:
            plain = socket.create_connection((host, int(port)), timeout=LISTENS_WITHIN)
        except (OSError, ValueError):
            return "nobody listens there"
        with plain:
            plain.settimeout(ANSWERS_WITHIN)
            try:
                with self._secured(plain, host) as broker:
                    return _answer(broker)
            except ssl.SSLCertVerificationError as error:
                return f"its certificate is not believed here: {error.verify_message}"
            except ssl.SSLError as error:
                return _alert(error.reason or "")
            except TimeoutError:
                return "it doesn't answer"
            except OSError:
                return self._hung_up()

    def _secured(self, plain: socket.socket, host: str) -> socket.socket:
        if self.context is None:
            return plain
        return self.context.wrap_socket(plain, server_hostname=host)

    def _hung_up(self) -> str:
        spoken = "plain text" if self.context is None else "TLS"
        return f"it hangs up on who speaks {spoken}"


def _answer(broker: socket.socket) -> str:
    broker.sendall(QUESTION)
    answer = b""
    while len(answer) < ANSWER:
        part = broker.recv(ANSWER - len(answer))
        if not part:
            raise ConnectionResetError
        answer += part
    _, number = struct.unpack(">ii", answer)
    return "" if number == 1 else "it is no Kafka broker"


def _alert(reason: str) -> str:
    if any(word in reason for word in CERTIFICATE):
        return f"it refuses this process's certificate ({reason})"
    return f"no TLS comes about ({reason})"
