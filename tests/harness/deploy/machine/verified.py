"""HTTPS to a server that is verified by another name than it is found by."""

import http.client
import ssl


class VerifiedAs(http.client.HTTPSConnection):
    """At `address` and `port`, which `authority` (PEM) says is `name`."""

    def __init__(
        self, address: str, port: int, name: str, authority: str, *, timeout: float
    ) -> None:
        super().__init__(address, port, timeout=timeout)
        self._name, self._trusted = name, ssl.create_default_context(cadata=authority)

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._trusted.wrap_socket(self.sock, server_hostname=self._name)
