"""The worklist: what awaits a biller, by what, since when, for how much, and what to do next."""
