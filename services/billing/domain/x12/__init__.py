"""X12 files of billing: written and checked, as bytes and without I/O."""
