"""The gates and their reasons in words: what a biller reads where a row has a code."""

GATES = {
    "ATTENDANCE": "was the client there, with every minute known",
    "COVERAGE": "was a coverage verified for the date",
    "RESTRICTION": "did the client keep the date from the payer",
    "RULES": "were rules of the payer in effect",
    "MINUTES": "were enough minutes attended",
    "SERVICES": "were they services the payer pays for, enough of them, at one site",
    "LEVEL": "was the clinical level the one the payer pays for",
    "PLAN": "was a treatment plan in force, or not due yet",
    "DIAGNOSIS": "was a principal diagnosis in effect",
    "CONSENT": "had the client consented, where the program needs it",
    "NOTE": "is every attended session's note signed, and in time",
    "WEEK": "is the week complete and long enough, where the payer looks at weeks",
    "ENROLLMENT": "was a provider enrolled for the site",
    "FEE": "does the provider have a charge for every code",
    "AUTHORIZATION": "do units of an authorization pay for it",
}

REASONS = {
    "MISSED": "every session of the day was missed",
    "NOT_HELD": "the program did not hold the day's sessions",
    "ONLY_ANCILLARY": "only services outside the per diem were attended",
    "NO_CHECK_OUT": "a check-out is missing; an assumed one counts no minutes",
    "OVERLAP": "the client was at two sessions at once; nobody said yet which minutes were where",
    "NO_COVERAGE": "no coverage was verified for the date",
    "RESTRICTED_BY_CLIENT": "the client paid in full and keeps it from this payer",
    "NO_RULES_IN_EFFECT": "no confirmed rules of the payer were in effect",
    "SHORT_OF_MINUTES": "fewer minutes were attended than the payer asks for",
    "SHORT_OF_SERVICES": "fewer services were attended than the payer asks for",
    "SERVICE_UNKNOWN": "nobody scheduled the client: nothing says which service it was",
    "NO_LISTED_SERVICE": "the payer lists none of the attended services",
    "NOT_ADMITTED": "no admission by that date was heard of",
    "NOT_ADMITTED_HERE": "the client wasn't admitted at a site that was attended",
    "DISCHARGED": "the episode was over by that date",
    "OTHER_LEVEL": "the clinical level was another than the one the payer pays for",
    "NO_PLAN_IN_FORCE": "no plan was in force, and one was due",
    "NO_DIAGNOSIS": "no principal diagnosis was in effect",
    "NO_CONSENT": "no consent to this payer was in force",
    "CONSENT_REVOKED": "the consent to this payer had been revoked",
    "NOTE_UNSIGNED": "a session's note is not signed",
    "NOTE_LATE": "a session's note was signed late",
    "NOTE_LATE_DENIED": "a session's note was signed too late for this payer",
    "SESSION_NOT_CLOSED": "a session of the date is not closed",
    "VOID_NOT_ANSWERED": "the payer has not answered the void of a claim of the date",
    "WEEK_INCOMPLETE": "the week has a session that is not closed, or minutes nobody knows yet",
    "WEEK_SHORT_OF_MINUTES": "the week has fewer minutes than the payer asks for",
    "NOT_ENROLLED": "no provider was enrolled with the payer for the site",
    "NO_FEE": "the provider has no charge for a code",
    "NO_AUTHORIZATION": "no authorization of the payer covers the date",
    "OTHER_LEVEL_AUTHORIZED": "what is authorized is another level",
    "OTHER_UNIT_AUTHORIZED": "what is authorized is counted in another unit",
    "OTHER_SITE_AUTHORIZED": "what is authorized is another site",
    "AUTHORIZATION_USED_UP": "the units of every fitting authorization are taken",
}


def asks(gate: str) -> str:
    """What a gate asks; of one beside the per diem (`<service kind>.<gate>`) too."""
    kind, _, name = gate.rpartition(".")
    words = GATES[name]
    return f"{kind.replace('_', ' ').lower()}: {words}" if kind else words


def says(reason: str) -> str:
    """A reason in words; empty for none."""
    return REASONS[reason] if reason else ""
