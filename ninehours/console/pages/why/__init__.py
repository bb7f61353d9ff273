"""Why: a day, a claim, a level or a fact explained, with names of whom the answer tells by id."""
