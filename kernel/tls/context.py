"""TLS in Python: of clients (kafka-python, Faust, whoever asks a socket), of a process's health."""

import ssl
from typing import Any

from kernel.tls.identity import Identity, Material, as_files


class ReloadingContext(ssl.SSLContext):
    """Connects with what the identity holds at that moment; established connections stay.

    Servers are verified, by their names too, and speak TLS 1.3.
    """

    def __new__(cls, _: Identity) -> "ReloadingContext":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._material: Material | None = None
        self._context: ssl.SSLContext = self

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return self._current().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return self._current().wrap_bio(*args, **kwargs)

    def _current(self) -> ssl.SSLContext:
        material = self._identity.current()
        if material is not self._material:
            self._context, self._material = context_of(material), material
        return self._context


def context_of(material: Material) -> ssl.SSLContext:
    """A client's context with these, once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with as_files(material) as paths:
        context.load_verify_locations(paths.authorities)
        context.load_cert_chain(paths.certificate, paths.key)
    return context


def server_context_of(material: Material) -> ssl.SSLContext:
    """Of a server that asks nobody for a certificate, with these, once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with as_files(material) as paths:
        context.load_cert_chain(paths.certificate, paths.key)
    return context
