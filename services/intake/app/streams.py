"""The names of streams, and of the documents sealed under the client's key."""

from kernel.facts import derived_id

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


def doubles_stream(client_id: str, other_client_id: str) -> str:
    """Of two clients who may be one person, whichever is named first."""
    return f"doubles/{derived_id('doubles', *sorted([client_id, other_client_id]))}"


def member_stream(coverage_id: str) -> str:
    """Of whose member the coverage is; beside the client's own, which says nothing of it."""
    return f"member/{coverage_id}"


def permit_stream(permit_id: str) -> str:
    return f"permit/{permit_id}"


def membership_document(coverage_id: str) -> str:
    """The document with a coverage's member and group number."""
    return f"coverage/{coverage_id}"


def narratives_document(assessment_id: str) -> str:
    """The document with what was told in the five areas."""
    return f"areas/{assessment_id}"


def safety_reason_document(episode_id: str) -> str:
    """The document with the reason of an admission over an open safety task."""
    return f"admission_over_safety/{episode_id}"


def judgement_document(other_client_id: str) -> str:
    """The document with what a judgement on that client, and the one who owns it, rests on."""
    return f"doubles/{other_client_id}"


def closing_note_document(task_id: str) -> str:
    """The document with the note that closed a safety task."""
    return f"safety_task/{task_id}"
