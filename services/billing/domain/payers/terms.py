"""The words of a payer's rules: what their fields may say, stored and sent as they stand."""

from enum import StrEnum


class ClaimForm(StrEnum):
    """837P and 837I."""

    PROFESSIONAL = "PROFESSIONAL"
    INSTITUTIONAL = "INSTITUTIONAL"


class BillBy(StrEnum):
    """What a day is billed by."""

    PER_DIEM = "PER_DIEM"
    TIMED_UNITS = "TIMED_UNITS"
    DISCRETE = "DISCRETE"


class DayOutcome(StrEnum):
    """What a service day comes to: billed as a per diem or by what isn't one; or not."""

    PER_DIEM = "PER_DIEM"
    DISCRETE = "DISCRETE"
    NOT_BILLABLE = "NOT_BILLABLE"
    HOLD = "HOLD"


class Rounding(StrEnum):
    """How a part of a unit counts (days/units.py)."""

    UP = "UP"
    DOWN = "DOWN"
    MIDPOINT = "MIDPOINT"


class ServiceKind(StrEnum):
    """What a session was, as attendance schedules it."""

    GROUP = "GROUP"
    INDIVIDUAL = "INDIVIDUAL"
    FAMILY = "FAMILY"
    INTAKE_EVALUATION = "INTAKE_EVALUATION"
    PRESCRIBER_VISIT = "PRESCRIBER_VISIT"


class ClaimPeriod(StrEnum):
    """Of which dates one claim is."""

    WEEK = "WEEK"
    MONTH = "MONTH"


class Weekday(StrEnum):
    """With which the payer's week begins."""

    MONDAY = "MONDAY"
    SUNDAY = "SUNDAY"


class LateSignature(StrEnum):
    """What a note is worth that was signed late."""

    ACCEPT = "ACCEPT"
    HOLD = "HOLD"
    DENY = "DENY"
    ATTEST = "ATTEST"


class WeekConsequence(StrEnum):
    """What becomes of the days of a week that is too short."""

    HOLD = "HOLD"
    NOT_BILLABLE = "NOT_BILLABLE"


class AuthorizationUnit(StrEnum):
    """In what the payer authorizes."""

    DAYS = "DAYS"
    SESSIONS = "SESSIONS"
    HOURS = "HOURS"
    UNITS = "UNITS"


class CorrectionAction(StrEnum):
    """How an issued claim is corrected."""

    REPLACE = "REPLACE"
    VOID = "VOID"


class LateDay(StrEnum):
    """Where a day goes whose period's claim was issued without it."""

    NEW_CLAIM = "NEW_CLAIM"
    REPLACE = "REPLACE"


class RenderingOnClaim(StrEnum):
    """Who is named as rendering or attending."""

    NONE = "NONE"
    FACILITATOR = "FACILITATOR"


class VoidStage(StrEnum):
    """How far a void has to be for units to return, or its dates to be claimed anew."""

    ISSUED = "VOID_ISSUED"
    PROCESSED = "VOID_PROCESSED"
