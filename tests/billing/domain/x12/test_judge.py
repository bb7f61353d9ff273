"""The judge looks: whatever is broken in an accepted file is reported."""

import pytest

from services.billing.domain.x12.t837.claim import ProfessionalClaim
from services.billing.domain.x12.t837.scrub import scrub
from tests.harness.x12.judge import judge
from tests.harness.x12.professional_claims import CREATED, GOLDEN, batch, claim, line, written

ACCEPTED = written(*GOLDEN).decode()

# what is broken, from, to, and what the judge says of it
MUTATIONS = [
    ("required segment", "PER*IC*BILLING OFFICE*TE*2165550100~\n", "", "(PER) missing"),
    ("required service", "SV1*HC:90853*250*UN*1*10**1~\n", "", "(SV1) missing"),
    ("required diagnoses", "HI*ABK:F1020*ABF:F321~\n", "", "(HI) missing"),
    ("required address", "N3*100 INVENTED AVE 4~\n", "", "(N3) missing"),
    ("required date", "DTP*472*D8*20260302~\n", "", "(DTP) missing"),
    ("required loop", "NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EXPLAN~\n", "", "(2010BB) missing"),
    ("required element", "57:B:1*Y*A", "57:B:1**A", "(CLM06) is missing"),
    ("service date", "472*D8*20260302", "472*D8*20260230", "invalid date"),
    ("birth date", "19900228", "19900230", "invalid date"),
    ("interchange date", "*260309*0705*^", "*261309*0705*^", "(ISA09) contains an invalid date"),
    ("group date", "EXCLEAR*20260309", "EXCLEAR*20261309", "(GS04) contains an invalid date"),
    ("segment count", "SE*75", "SE*74", "SE count of 74"),
    ("set count", "GE*1*", "GE*2*", "GE count of 2"),
    ("group count", "IEA*1*", "IEA*2*", "IEA count"),
    ("set control number", "SE*75*0001", "SE*75*0002", "does not match ST id"),
    ("group control number", "GE*1*7", "GE*1*8", "does not match GS id"),
    ("interchange control number", "IEA*1*000000042", "IEA*1*000000043", "not match ISA id"),
    ("level's parent", "HL*3*1*22", "HL*3*9*22", "not a valid parent"),
    ("level's number", "HL*3*1*22", "HL*4*1*22", "HL count"),
    ("line number", "LX*2", "LX*3", "2400/LX01 Service Line Number 3"),
    ("place of service", "57:B:1", "00:B:1", "not a valid code for Place of Service"),
    ("state", "PARMA*OH", "PARMA*ZZ", "not a valid code for Subscriber State"),
    ("sex", "19900228*F", "19900228*X", "not a valid code for Subscriber Gender"),
    ("usage", "*0*T*:", "*0*X*:", "not a valid code for Usage"),
    ("version", "X*005010X222A1", "X*005010X222A2", "raised EngineError: Map not found"),
    ("amount", "*250.5*", "*25O.5*", "invalid character"),
    ("foreign letter", "ROBIN", "RÖBIN", "raised UnicodeDecodeError"),
    ("byte order mark", "ISA*00", "\ufeffISA*00", "raised UnicodeDecodeError"),
    ("unknown segment", "LX*1~", "ZZZ*1~\nLX*1~", "ZZZ"),
    ("empty element at the end", "LX*1~", "LX*1*~", "trailing element"),
    ("empty segment", "LX*1~", "~LX*1~", "looked at 28 of 80"),
    ("trailer", "IEA*1*000000042~\n", "", "(IEA=000000042) missing"),
    ("terminator", "IEA*1*000000042~", "IEA*1*000000042", "no terminator"),
    ("end", "IEA*1*000000042~\n", "IEA*1*000000042~\nJUNK", "no terminator"),
    ("beginning", "ISA*00", "ISB*00", "does not look like an X12 data file"),
]


def test_the_file_that_is_broken_here_was_accepted_before() -> None:
    assert judge(ACCEPTED.encode()) == []


@pytest.mark.parametrize(("broken", "before", "after", "said"), MUTATIONS)
def test_a_broken_file_is_reported(broken: str, before: str, after: str, said: str) -> None:
    assert before in ACCEPTED, broken
    errors = "\n".join(judge(ACCEPTED.replace(before, after, 1).encode()))

    assert said in errors


def test_one_file_judged_does_not_change_the_judgement_of_the_next() -> None:
    files = [ACCEPTED, *(ACCEPTED.replace(before, after, 1) for _, before, after, _ in MUTATIONS)]
    forward = [len(judge(file.encode())) for file in files]
    backward = [len(judge(file.encode())) for file in reversed(files)]
    assert forward == backward[::-1]
    assert forward[0] == 0 and all(forward[1:])


@pytest.mark.parametrize("data", [b"", b"hello", ACCEPTED[:105].encode(), ACCEPTED[:500].encode()])
def test_what_is_no_whole_file_is_reported(data: bytes) -> None:
    assert judge(data)


# What pyx12 accepts although a payer would not: each is a reason for a rule of the scrub.
MISSED = [
    ("check digit", "1999999018", "1999999019"),
    ("claim's total", "CLM*C-1*751.05", "CLM*C-1*751.06"),
    ("pointer", "***1:2~", "***1:9~"),
    ("frequency", "57:B:1", "57:B:9"),
    ("ZIP+4", "441010001", "44101"),
    ("line control number", "REF*6R*L2", "REF*6R*L1"),
    ("procedure", "H0015", "QQQQQ"),
    ("diagnosis", "F1020", "XXXX"),
    ("lower case", "ROBIN", "Robin"),
]


@pytest.mark.parametrize(("missed", "before", "after"), MISSED)
def test_the_judge_is_known_to_miss(missed: str, before: str, after: str) -> None:
    assert before in ACCEPTED, missed
    assert judge(ACCEPTED.replace(before, after, 1).encode()) == []


def test_what_the_judge_misses_the_scrub_finds() -> None:
    twice: tuple[ProfessionalClaim, ...] = (
        claim(lines=(line(1), line(1, diagnosis_pointers=(2,)))),
    )
    assert judge(written(*twice)) == []
    found = scrub(batch(*twice), created=CREATED.date())
    assert [finding.code for finding in found] == ["LINE_CONTROL_NUMBER_REPEATED"]
