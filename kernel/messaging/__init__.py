"""How facts travel between services: outbox to relay to inbox, and what is projected of them."""
