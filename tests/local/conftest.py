"""Loads kafka-python once without its own deprecation warnings, which are errors in our tests."""

import warnings

with warnings.catch_warnings():
    # kafka-python 3.0.12 reads its schemas by deprecated functions, on every import.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    import kafka.admin  # noqa: F401
