"""Answering and asking over gRPC: who asks, what they may, how a refusal travels."""

import os

# TLS 1.3 and nothing before it: gRPC's Python binding sets no least version, but takes ciphers for
# TLS 1.2, and these need a key shared beforehand, which nobody has. Read once, at `import grpc`.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-PSK-CHACHA20-POLY1305"
