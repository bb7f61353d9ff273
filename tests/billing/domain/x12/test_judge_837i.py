"""The judge looks at institutional files too, by their own map."""

import pytest

from services.billing.domain.x12.t837.claim import Batch837I, Batch837P
from tests.harness.x12.institutional_claims import GOLDEN, claim, line, written
from tests.harness.x12.judge import judge

ACCEPTED = written(*GOLDEN).decode()

# what is broken, from, to, and what the judge says of it
MUTATIONS = [
    ("statement", "DTP*434*RD8*20260301-20260307~\n", "", '"Statement Dates" (DTP) missing'),
    ("admission codes", "CL1*3*1*30~\n", "", "(CL1) missing"),
    ("principal diagnosis", "HI*ABK:F1020~\n", "", '"Principal Diagnosis" (HI) missing'),
    ("required service", "SV2*0904*HC:G0176*250.55*UN*2~\n", "", "(SV2) missing"),
    ("required address", "N3*100 INVENTED AVE 4~\n", "", "(N3) missing"),
    ("required loop", "NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EXPLAN~\n", "", "(2010BB) missing"),
    ("patient status", "CL1*3*1*30", "CL1*3*1", "(CL103) is missing"),
    ("frequency", "76:A:2*", "76:A*", "(CLM05-03) is missing"),
    ("signature", "76:A:2**A", "76:A:2*Y*A", "(CLM06) is marked as Not Used"),
    ("place of service", "76:A:2", "57:B:2", "not a valid code for Facility Code Qualifier"),
    ("three digits of a bill", "76:A:2", "762:A:2", "(CLM05-01) is too long"),
    ("statement of a day", "434*RD8*20260301-20260307", "434*D8*20260301", "(DTP02)"),
    ("half a statement", "20260301-20260307", "20260301", "(DTP03) contains an invalid date"),
    ("statement's end", "20260301-20260307", "20260301-20260230", "invalid date"),
    ("admission date", "435*D8*20260223", "435*D8*20260230", "invalid date"),
    ("service date", "472*D8*20260302", "472*D8*20260230", "invalid date"),
    ("a person who bills", "NM1*85*2", "NM1*85*1", "not a valid code for Entity Type Qualifier"),
    ("a firm that attends", "NM1*71*1", "NM1*71*2", "not a valid code for Entity Type Qualifier"),
    ("attending number", "ROE*KIM****XX*1999999042", "ROE*KIM****XX", "(P0809)"),
    ("specialty", "PRV*AT*", "PRV*PE*", "Segment PRV*PE not found"),
    ("rendering provider", "NM1*71*1*ROE", "NM1*82*1*ROE", "Segment PRV*AT not found"),
    ("professional line", "SV2*0905*HC:90853", "SV1*HC:90853", "(SV2) missing"),
    ("professional units", "*250.5*UN*", "*250.5*MJ*", "not a valid code for Unit or Basis"),
    ("units", "*250.5*UN*1", "*250.5*UN", "(SV205) is missing"),
    ("amount", "*250.5*", "*25O.5*", "invalid character"),
    ("revenue code", "SV2*0905**250", "SV2***250", "(SV201) is missing"),
    ("procedure", "HC:90853", "HC:", "(SV202-02) is missing"),
    ("kind of procedure", "HC:90853", "ZZ:90853", "not a valid code for Product or Service ID"),
    ("two kinds of diagnosis", "HI*ABK:F1020~\n", "HI*ABK:F1020*ABF:F321~\n", "(HI02) is marked"),
    ("reasons", "APR:F1020", "APR:F1020*APR:F1*APR:F2*APR:F3", "(HI04) is marked as Not Used"),
    ("condition", "HI*BG:92", "HI*BX:92", "Segment HI*BX:92 not found"),
    ("conditions", "HI*BG:92", "HI*BG:1~\nHI*BG:2~\nHI*BG:92", "exceeded max count"),
    ("order", "REF*G1*AUTH-77~\nHI*ABK:F1020~\n", "HI*ABK:F1020~\nREF*G1*AUTH-77~\n", "REF*G1 not"),
    ("ZIP+4", "441010001", "44101", "failed to match the regular expression"),
    ("line number", "LX*2", "LX*3", "line 2 of a claim isn't numbered so"),
    ("assignment", "**A*Y*Y", "**Z*Y*Y", "not a valid code for Assignment"),
    ("segment count", "SE*89", "SE*88", "SE count of 88"),
    ("level's parent", "HL*3*1*22", "HL*3*9*22", "not a valid parent"),
    ("later errata", "X*005010X223A2", "X*005010X223A3", "raised EngineError: Map not found"),
    (
        "the other form",
        f"X*{Batch837I.version}",
        f"X*{Batch837P.version}",
        "for Place of Service Code",
    ),
    ("the other set", f"0001*{Batch837I.version}", f"0001*{Batch837P.version}", "(ST03)"),
]


def test_the_file_that_is_broken_here_was_accepted_before() -> None:
    assert judge(ACCEPTED.encode()) == []


@pytest.mark.parametrize(("broken", "before", "after", "said"), MUTATIONS)
def test_a_broken_file_is_reported(broken: str, before: str, after: str, said: str) -> None:
    assert before in ACCEPTED, broken
    errors = "\n".join(judge(ACCEPTED.replace(before, after, 1).encode()))
    assert said in errors


def test_a_thousandth_line_is_reported() -> None:
    full = written(claim(lines=tuple(line(n) for n in range(1, 1000)))).decode()
    assert judge(full.encode()) == []
    more = "LX*1000~\nSV2*0906**1*UN*1~\n"
    errors = "\n".join(judge(full.replace("\nSE*", f"\n{more}SE*").encode()))
    assert "Found 1000, should have 999" in errors


# What pyx12 accepts although a payer would not: each is a reason for a rule of the scrub.
MISSED = [
    ("check digit", "KIM****XX*1999999042", "KIM****XX*1999999043"),
    ("claim's total", "CLM*C-1*751.05", "CLM*C-1*751.06"),
    ("frequency", "76:A:2", "76:A:9"),
    ("type of bill", "76:A:2", "0X:A:2"),
    ("admission type and source", "CL1*3*1*30", "CL1***30"),
    ("patient status", "CL1*3*1*30", "CL1*3*1*XX"),
    ("statement backwards", "20260301-20260307", "20260307-20260301"),
    ("service outside the statement", "472*D8*20260302", "472*D8*20260402"),
    ("a day as a day with its hour", "435*D8*20260223", "435*DT*20260223"),
    ("line control number", "REF*6R*L2", "REF*6R*L1"),
    ("revenue code", "SV2*0905*", "SV2*XX*"),
    ("procedure", "HC:90853", "HC:QQQQQ"),
    ("condition code", "HI*BG:92", "HI*BG:QQQ"),
    ("diagnosis", "ABF:F321", "ABF:XX"),
    ("lower case", "ROE*KIM", "Roe*Kim"),
    ("attending provider", "NM1*71*1*ROE*KIM****XX*1999999042~\nPRV*AT*PXC*2084P0800X~\n", ""),
    ("payer's control number", "REF*F8*EXICN-1~\n", ""),
    ("birth date and sex", "DMG*D8*19900228*F~\n", ""),
    ("service date", "DTP*472*D8*20260302~\n", ""),
]


@pytest.mark.parametrize(("missed", "before", "after"), MISSED)
def test_the_judge_is_known_to_miss(missed: str, before: str, after: str) -> None:
    assert before in ACCEPTED, missed
    lost = before.count("~") - after.count("~")
    file = ACCEPTED.replace(before, after, 1).replace("SE*89", f"SE*{89 - lost}")
    assert judge(file.encode()) == []
