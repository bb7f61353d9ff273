"""The checks that every service makes of itself; one more is one more line."""

from kernel.verifying import deriving, heard, keeping, publishing
from kernel.verifying.looking import Check

CHECKS = (
    Check("published sequences are whole", "facts", publishing.sequences_are_whole),
    Check("facts are of accepted commands", "commands", publishing.commands_are_whole),
    Check("commands' facts are published", "facts", publishing.facts_are_published),
    Check("sent facts are in Kafka", "facts", keeping.sent_is_in_kafka),
    Check("documents open, and are unaltered", "documents", keeping.documents_open),
)
LISTENING = (
    Check("heads are the owners'", "subjects", heard.heads_are_the_owners),
    Check("heard facts are what owners published", "facts", heard.facts_are_the_owners),
    Check("own facts heard are what was published", "facts", heard.own_facts_are_the_published),
    Check("heard facts are filed rightly", "facts", heard.references_are_the_facts),
    Check("nothing that holds up is hidden", "subjects", heard.nothing_held_up_is_hidden),
    Check("reactions are done", "facts", heard.reactions_are_done),
    Check("rows are as derived anew", "rows", deriving.rows_are_derived_anew),
    Check("revisions are published", "revisions", deriving.revisions_are_published),
)
"""Of services that hear others."""
