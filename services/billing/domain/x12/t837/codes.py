"""Lists that others keep, and a claim keeps to: what isn't on them is rejected with its file."""

_PLACES_OF_SERVICE = (
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34"
    " 41 42 49 50 51 52 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99"
)
PLACES_OF_SERVICE = frozenset(_PLACES_OF_SERVICE.split())
"""CMS, Place of Service Code Set; 66 since 2024."""

_FILING_INDICATORS = "11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ"
FILING_INDICATORS = frozenset(_FILING_INDICATORS.split())
"""SBR09, X12 data element 1032 as 005010X222A1 and 005010X223A2 take it."""

_PATIENT_STATUSES = (
    "01 02 03 04 05 06 07 09 20 21 30 40 41 42 43 50 51 61 62 63 64 65 66 69 70 81 82 83 84 85 86"
    " 87 88 89 90 91 92 93 94 95"
)
PATIENT_STATUSES = frozenset(_PATIENT_STATUSES.split())
"""NUBC, form locator 17."""

SEXES = frozenset("FMU")
"""DMG03."""
