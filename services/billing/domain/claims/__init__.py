"""Claims: drafts, what left the house, and the corrections that are proposed."""
