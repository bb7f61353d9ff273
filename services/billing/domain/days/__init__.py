"""Service days: what was attended, each gate's verdict, and what a day is billed as."""
