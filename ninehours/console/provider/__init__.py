"""People of the network's identity provider: OpenID Connect, code with PKCE."""
