"""The names of a client's stream, and of the documents sealed under the client's key."""

IDENTITY = "identity"


def client_stream(client_id: str) -> str:
    """The stream, the subject of what is published, and the owner of the documents."""
    return f"client/{client_id}"


def membership_of(coverage_id: str) -> str:
    """The document with a coverage's member and group number."""
    return f"coverage/{coverage_id}"
