"""How facts travel between services: envelope, relay, hearing, healing, deriving, parking."""
