"""Intake answers for who a client is, and for what must be true before treatment and payment.

It owns identity, consents, coverage and its verification, assessments, diagnoses and the admission
to an episode of care. Identity and member numbers are sealed, stand in no fact, and leave only by
ReadIdentities: to billing, under a consent to the payer where 42 CFR Part 2 asks for one, with an
audit entry for every client asked for.
"""
