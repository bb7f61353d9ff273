"""The checks that every service makes of itself; one more is one more line."""

from operations.verifying import inbox, outbox, outside, projections
from operations.verifying.examination import Check

CHECKS = (
    Check("published sequences are whole", "facts", outbox.sequences_are_whole),
    Check("facts are of accepted commands", "commands", outbox.commands_are_whole),
    Check("commands' facts are published", "facts", outbox.facts_are_published),
    Check("sent facts are in Kafka", "facts", outside.sent_is_in_kafka),
    Check("documents open, and are unaltered", "documents", outside.documents_open),
)
LISTENING = (
    Check("heads are the owners'", "subjects", inbox.heads_are_the_owners),
    Check("heard facts are what owners published", "facts", inbox.facts_are_the_owners),
    Check("own facts heard are what was published", "facts", inbox.own_facts_are_the_published),
    Check("heard facts are filed rightly", "facts", inbox.references_are_the_facts),
    Check("nothing that holds up is hidden", "subjects", inbox.nothing_held_up_is_hidden),
    Check("reactions are done", "facts", inbox.reactions_are_done),
    Check("rows are as derived anew", "rows", projections.rows_are_derived_anew),
    Check("revisions are published", "revisions", projections.revisions_are_published),
)
"""Of services that hear others."""
