"""The command line: data on stdout, messages on stderr, and an exit code for each way out."""
