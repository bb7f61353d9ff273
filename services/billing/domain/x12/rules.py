"""The rules of the scrub: their codes, what a finding says, and the shapes codes have."""

import re
from enum import Enum

CLAIM_ID = re.compile(r"[A-Z0-9-]{1,20}")
DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
MODIFIER = re.compile(r"[A-Z0-9]{2}")
PLACE = re.compile(r"[0-9]{2}")
PO_BOX = re.compile(r"\bP\W*O\W*BOX\b|\bPOST\W+OFFICE\W+BOX\b|\bLOCK\W*BOX\b")
PROCEDURE = re.compile(r"[A-Z][0-9]{4}|[0-9]{5}|[0-9]{4}[A-Z]")
STATE = re.compile(r"[A-Z]{2}")
TAX_ID = re.compile(r"[0-9]{2}-?[0-9]{7}")
TAXONOMY = re.compile(r"[0-9]{2}[0-9A-Z]{7}X")
ZIP = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")
ZIP_PLUS_4 = re.compile(r"[0-9]{5}-?[0-9]{4}")


class Rule(Enum):
    """Every rule's code, and what a finding says: never with a value."""

    ADMISSION_AFTER_SERVICE = "the admission is later than the first service"
    BIRTH_DATE_MISSING = "the subscriber is the patient: a birth date is needed"
    CHARGE_NOT_POSITIVE = "a charge is more than nothing"
    CLAIM_ID_REPEATED = "another claim of the batch has the same id"
    CLAIM_ID_SHAPE = "a claim id is 1 to 20 capitals, digits or hyphens"
    CONTROL_NUMBER_MISSING = "a replacement or void needs the payer's control number"
    CONTROL_NUMBER_UNEXPECTED = "an original carries no control number of the payer"
    DIAGNOSES_COUNT = "a claim has 1 to 12 diagnoses"
    DIAGNOSIS_REPEATED = "the diagnosis is on the claim already"
    DIAGNOSIS_SHAPE = "not the shape of an ICD-10-CM code"
    FREQUENCY_UNKNOWN = "the frequency is 1, 7 or 8"
    LINE_CONTROL_NUMBER_REPEATED = "another line of the claim has the same control number"
    LINES_COUNT = "a claim has 1 to 50 lines"
    MODIFIER_REPEATED = "the modifier is on the line already"
    MODIFIER_SHAPE = "a modifier is two capitals or digits"
    MODIFIERS_COUNT = "a line has at most 4 modifiers"
    NOT_REPRESENTABLE = "can't be written"
    NPI_INVALID = "not ten digits with the right check digit"
    PLACE_OF_SERVICE_SHAPE = "a place of service is two digits"
    PO_BOX_IN_BILLING_ADDRESS = "a billing address is a street, not a box"
    POINTER_OUT_OF_RANGE = "points at no diagnosis of the claim"
    POINTER_REPEATED = "points at the same diagnosis twice"
    POINTERS_COUNT = "a line points at 1 to 4 diagnoses"
    POSTAL_CODE_NOT_PLUS_FOUR = "billing and facility addresses need ZIP+4, nine digits"
    POSTAL_CODE_SHAPE = "a ZIP code is five or nine digits"
    PROCEDURE_SHAPE = "not the shape of a HCPCS or CPT code"
    RENDERING_IS_BILLING = "a rendering provider is named only if another than the billing one"
    SERVICE_AFTER_CREATION = "the service is later than the file"
    SERVICE_BEFORE_BIRTH = "the service is earlier than the birth"
    SEX_MISSING = "the subscriber is the patient: M, F or U is needed"
    STATE_SHAPE = "a state is two letters"
    SUBSCRIBER_ADDRESS_MISSING = "the subscriber is the patient: an address is needed"
    TAX_ID_SHAPE = "a tax id is nine digits"
    TAXONOMY_SHAPE = "not the shape of a taxonomy code"
    UNITS_NOT_POSITIVE = "units are more than nothing"
