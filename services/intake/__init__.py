"""Intake answers for who a client is, and for what must be true before treatment and payment.

It owns identity, screening, consents and restrictions, coverage and its verification, assessments
with their safety tasks, dimension ratings, diagnoses, and the episode of care from admission until
plans tells of the discharge. Identity and member numbers are sealed, stand in no fact, and leave
only by ReadIdentities: to billing, under a consent to the payer where 42 CFR Part 2 asks for one,
with an audit entry for every client asked for. What was told in an assessment is sealed too, and
leaves by nothing yet.
"""
