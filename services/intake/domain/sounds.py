"""How a name sounds: the code of the New York State Identification and Intelligence System.

By the rules of its publication (R. L. Taft, Name Search Techniques, 1970), six letters long, and
one before them: a C that is spoken as S is one (Garcia, Garsia). Codes are kept, so that none may
ever change: no package is asked, whose next release could.
"""

import re

SOFT_C = re.compile(r"C(?=[EIY])")
VOWELS = frozenset("AEIOU")
LENGTH = 6
BEGINNINGS = (
    ("MAC", "MCC"),
    ("KN", "NN"),
    ("K", "C"),
    ("PH", "FF"),
    ("PF", "FF"),
    ("SCH", "SSS"),
)
ENDINGS = (
    *(("EE", "Y"), ("IE", "Y")),
    *((ending, "D") for ending in ("DT", "RT", "RD", "NT", "ND")),
)
WITHIN = (
    ("EV", "AF"),
    *((vowel, "A") for vowel in sorted(VOWELS)),
    ("Q", "G"),
    ("Z", "S"),
    ("M", "N"),
    ("KN", "N"),
    ("K", "C"),
    ("SCH", "SSS"),
    ("PH", "FF"),
)


def sound_of(name: str) -> str:
    """Of a name folded to letters; empty where it has others than those of English."""
    letters = name.upper()
    if not (letters.isascii() and letters.isalpha()):
        return ""
    return _code(_ended(_begun(SOFT_C.sub("S", letters))))[:LENGTH]


def _begun(letters: str) -> str:
    for beginning, instead in BEGINNINGS:
        if letters.startswith(beginning):
            return instead + letters.removeprefix(beginning)
    return letters


def _ended(letters: str) -> str:
    for ending, instead in ENDINGS:
        if letters.endswith(ending):
            return letters.removesuffix(ending) + instead
    return letters


def _code(letters: str) -> str:
    """The first letter, and what each of the others becomes where it isn't what stands before."""
    code, at = letters[:1], 1
    before = letters[:1]  # of the letters as they were changed so far, also of one that was dropped
    while at < len(letters):
        instead, taken = _heard(letters, at, before)
        for letter in instead:
            if letter != code[-1]:
                code += letter
            before = letter
        at += taken
    # The last letters say little: S, then AY as Y, then A.
    if len(code) > 1:
        code = code[0] + code[1:].removesuffix("S")
    if code.endswith("AY"):
        code = code.removesuffix("AY") + "Y"
    return code[0] + code[1:].removesuffix("A")


def _heard(letters: str, at: int, before: str) -> tuple[str, int]:
    """What is heard at this place, and how many letters it took."""
    for written, instead in WITHIN:
        if letters.startswith(written, at):
            return instead, len(written)
    after = letters[at + 1 : at + 2]
    if letters[at] == "H" and (before not in VOWELS or after not in VOWELS):
        return before, 1
    if letters[at] == "W" and before in VOWELS:
        return before, 1
    return letters[at], 1
