"""Traces: from a command to what was derived of it, in whatever service. An extra.

`spans` is what everybody uses, and does nothing until a tracer is opened; `otlp` is the tracer, of
packages that only an installation with traces has.
"""
