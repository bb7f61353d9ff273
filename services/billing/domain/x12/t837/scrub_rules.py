"""The rules of the scrub: their codes, what a finding says, and the shapes codes have."""

import re
from enum import Enum

ADMISSION_CODE = re.compile(r"[0-9A-Z]")
CLAIM_ID = re.compile(r"[A-Z0-9-]{1,20}")
CONDITION = re.compile(r"[0-9A-Z]{2}")
DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
MODIFIER = re.compile(r"[A-Z0-9]{2}")
PO_BOX = re.compile(r"\bP\W*O\W*BOX\b|\bPOST\W+OFFICE\W+BOX\b|\bLOCK\W*BOX\b")
PROCEDURE = re.compile(r"[A-Z][0-9]{4}|[0-9]{5}|[0-9]{4}[A-Z]")
REVENUE_CODE = re.compile(r"0[0-9]{3}")
TAX_ID = re.compile(r"[0-9]{2}-?[0-9]{7}")
TAXONOMY = re.compile(r"[0-9]{2}[0-9A-Z]{7}X")
TYPE_OF_BILL = re.compile(r"[1-9]{2}")
ZIP = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")
ZIP_PLUS_4 = re.compile(r"[0-9]{5}-?[0-9]{4}")


class Rule(Enum):
    """Every rule's code, and what a finding says: never with a value."""

    ADMISSION_AFTER_SERVICE = "the admission is later than the first service"
    ADMISSION_CODE_SHAPE = "an admission type or source is one capital or digit"
    ATTENDING_IS_BILLING = "the attending provider is a person, not the billing provider"
    ATTENDING_MISSING = "an institutional claim names who attends"
    BIRTH_DATE_MISSING = "the subscriber is the patient: a birth date is needed"
    CHARGE_NOT_POSITIVE = "a charge is more than nothing"
    CLAIM_ID_REPEATED = "another claim of the batch has the same id"
    CLAIM_ID_SHAPE = "a claim id is 1 to 20 capitals, digits or hyphens"
    CONDITIONS_COUNT = "a claim has at most 24 condition codes"
    CONDITION_REPEATED = "the condition code is on the claim already"
    CONDITION_SHAPE = "a condition code is two capitals or digits"
    CONTROL_NUMBER_MISSING = "a replacement or void needs the payer's control number"
    CONTROL_NUMBER_UNEXPECTED = "only a replacement or void carries the payer's control number"
    DIAGNOSES_COUNT = "no diagnosis, or more than the form takes"
    DIAGNOSIS_REPEATED = "the diagnosis is on the claim already"
    DIAGNOSIS_SHAPE = "not the shape of an ICD-10-CM code"
    FILING_INDICATOR_UNKNOWN = "not a claim filing indicator of the list"
    FREQUENCY_UNKNOWN = "not a frequency of the form"
    LINES_COUNT = "no line, or more than the form takes"
    LINE_CONTROL_NUMBER_REPEATED = "another line of the claim has the same control number"
    MODIFIERS_COUNT = "a line has at most 4 modifiers"
    MODIFIER_REPEATED = "the modifier is on the line already"
    MODIFIER_SHAPE = "a modifier is two capitals or digits"
    MODIFIER_WITHOUT_PROCEDURE = "there is no procedure to modify"
    NOT_REPRESENTABLE = "can't be written"
    NPI_INVALID = "not ten digits with the right check digit"
    PATIENT_STATUS_NOT_OF_FREQUENCY = "30 on interim bills 2 and 3, never on 1 or 4"
    PATIENT_STATUS_UNKNOWN = "not a patient status of the list"
    PLACE_OF_SERVICE_UNKNOWN = "not a place of service of the list"
    POINTERS_COUNT = "a line points at 1 to 4 diagnoses"
    POINTER_OUT_OF_RANGE = "points at no diagnosis of the claim"
    POINTER_REPEATED = "points at the same diagnosis twice"
    POSTAL_CODE_NOT_PLUS_FOUR = "billing and facility addresses need ZIP+4, nine digits"
    POSTAL_CODE_SHAPE = "a ZIP code is five or nine digits"
    PO_BOX_IN_BILLING_ADDRESS = "a billing address is a street, not a box"
    PROCEDURE_SHAPE = "not the shape of a HCPCS or CPT code"
    REASONS_COUNT = "a claim has at most 3 reasons for the visit"
    RENDERING_IS_BILLING = "a rendering provider is named only if another than the billing one"
    REVENUE_CODE_SHAPE = "a revenue code is four digits, the first of them 0"
    SERVICE_AFTER_CREATION = "the service is later than the file"
    SERVICE_BEFORE_BIRTH = "the service is earlier than the birth"
    SERVICE_OUTSIDE_STATEMENT = "the service is on no day of the statement"
    SEX_MISSING = "the subscriber is the patient: M, F or U is needed"
    STATEMENT_AFTER_CREATION = "the statement's last day is later than the file"
    STATEMENT_REVERSED = "the statement's last day is earlier than its first"
    STATE_UNKNOWN = "not a state, nor a territory or military post"
    SUBSCRIBER_ADDRESS_MISSING = "the subscriber is the patient: an address is needed"
    TAXONOMY_SHAPE = "not the shape of a taxonomy code"
    TAX_ID_SHAPE = "a tax id is nine digits"
    TYPE_OF_BILL_SHAPE = "two digits, neither of them 0: the frequency is the third"
    UNITS_NOT_POSITIVE = "units are more than nothing"
    UNIT_BASIS_UNKNOWN = "not a basis of units of the form"
