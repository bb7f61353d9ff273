"""The names of streams, and of the documents sealed under the client's key."""

IDENTITY = "identity"


def client_stream(client_id: str) -> str:
    """The stream, the subject of what is published, and the owner of the documents."""
    return f"client/{client_id}"


def episode_stream(episode_id: str) -> str:
    return f"episode/{episode_id}"


def assessment_stream(assessment_id: str) -> str:
    """Of an instrument with its safety task, or of the five areas."""
    return f"assessment/{assessment_id}"


def rating_stream(rating_id: str) -> str:
    return f"rating/{rating_id}"


def permit_stream(permit_id: str) -> str:
    return f"permit/{permit_id}"


def membership_of(coverage_id: str) -> str:
    """The document with a coverage's member and group number."""
    return f"coverage/{coverage_id}"


def narratives_of(assessment_id: str) -> str:
    """The document with what was told in the five areas."""
    return f"areas/{assessment_id}"


def over_safety_of(episode_id: str) -> str:
    """The document with the reason of an admission over an open safety task."""
    return f"admission_over_safety/{episode_id}"


def note_of(task_id: str) -> str:
    """The document with the note that closed a safety task."""
    return f"safety_task/{task_id}"
