"""The names of streams, and of the documents sealed under the client's key."""

from kernel.facts import derived_id, of_kind

# The newest version of it says who the client is now.
IDENTITY = "identity"
CONTACTS = "contacts"


# The stream, the subject of what is published, and the owner of the documents.
client_stream = of_kind("client")
episode_stream = of_kind("episode")
# Of an instrument with its safety task, or of the five areas.
assessment_stream = of_kind("assessment")
rating_stream = of_kind("rating")


def doubles_stream(client_id: str, other_client_id: str) -> str:
    """Of two clients who may be one person, whichever is named first."""
    return f"doubles/{derived_id('doubles', *sorted([client_id, other_client_id]))}"


def merge_stream(client_id: str, other_client_id: str) -> str:
    """Of two clients who are one person, whichever of them goes on."""
    return f"merge/{derived_id('merge', *sorted([client_id, other_client_id]))}"


# Of whose member the coverage is; beside the client's own, which says nothing of it.
member_stream = of_kind("member")
permit_stream = of_kind("permit")
membership_document = of_kind("coverage")  # the document with a coverage's member and group number
narratives_document = of_kind("areas")  # the document with what was told in the five areas
# The document with the reason of an admission over an open safety task.
safety_reason_document = of_kind("admission_over_safety")
# The document with what a judgement on that client, and the one who owns it, rests on.
judgement_document = of_kind("doubles")
# The document with why that client was merged into the one who owns it, or taken apart.
merge_document = of_kind("merge")
# The document with the note that closed a safety task.
closing_note_document = of_kind("safety_task")
# The document with why a safety task was handed on.
handing_on_document = of_kind("safety_task_handed_on")
