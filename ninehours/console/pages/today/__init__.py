"""Today: who is expected at a site, who came, who left; and how a desk says so."""
