"""How long a derivation may take, of the processor and of the database."""

CPU_SECONDS = 5.0  # of the deriving thread
STATEMENT_SECONDS = 60.0  # of one statement
