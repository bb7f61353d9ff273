"""X12 files of billing: written, checked and read back, as bytes and without I/O."""
