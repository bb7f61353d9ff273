"""Leaves of commands that no question tells, each with why.

A leaf that is told and stands here fails a test, and one that is neither, too.
"""

from collections.abc import Mapping

NOT_YET = "no question gives it yet"
OF_BEFORE = "the way to name a program before program_id: attendance says what a program is"
WHEN_REGISTERING = "refused there: JudgeDoubles says it of who is registered"
UNFILLED = (NOT_YET, WHEN_REGISTERING)
"""Of leaves that no command was accepted with."""
CONFIRMS = "it confirms what the caller knew: the chart has both codes"

INTAKE: Mapping[str, str] = {
    "AdmitClient.program.kind": OF_BEFORE,
    "AdmitClient.program.under_part2": OF_BEFORE,
    "RecordDiagnosis.replaces_code": CONFIRMS,
    "CorrectStatement.recording.admission.program.kind": OF_BEFORE,
    "CorrectStatement.recording.admission.program.under_part2": OF_BEFORE,
    "CorrectStatement.recording.diagnosis.replaces_code": CONFIRMS,
    "CorrectStatement.recording.registration.other_people.other_client_id": WHEN_REGISTERING,
    "CorrectStatement.recording.registration.other_people.reason": WHEN_REGISTERING,
}
OF_SERIES = "what was asked for; each session whose roster was changed tells so"
ATTENDANCE: Mapping[str, str] = {
    "AddToRoster.from": OF_SERIES,
    "ExpandTemplate.from": "what was asked for; each session that was made of it has its date",
    "ExpandTemplate.to": "what was asked for; each session that was made of it has its date",
    "TakeFromRoster.from": OF_SERIES,
}
OF_PROPOSALS = "which proposal was looked at; what it came to is told as the claim that was issued"
BILLING: Mapping[str, str] = {
    "IssueClaims.through": "what was asked for; each claim that was issued has its period",
    "IssueCorrections.proposals.revision": OF_PROPOSALS,
    "IssueCorrections.proposals.without_waiting": "kept where there is something to wait for",
    "RecordSentClaims.claims.about_id": "the draft that it was; it is told as the claim",
}
EXCEPTIONS: Mapping[str, Mapping[str, str]] = {
    "attendance": ATTENDANCE,
    "billing": BILLING,
    "intake": INTAKE,
    "plans": {},
}
# By another name, or as part of another thing.
TOLD_AS: Mapping[str, str] = {
    "DecideRecommendation.accept": "accepted",
    "ExpandTemplate.roster": "client_id",
    "IssueCorrections.proposals.claim_id": "corrects_claim_id",
    "IssueCorrections.proposals.revision": "proposal_revision",  # statements have one, too
    "ScheduleSession.roster": "client_id",
}
