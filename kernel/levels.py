"""Levels of care, by edition of the ASAM criteria: one list for whoever asks.

Source: domain guide, sections 1.1 and 1.2; the books are licensed. Unverified against them.
"""

from collections.abc import Mapping

# The fourth edition has co-occurring enhanced variants of its levels, one biomedically enhanced.
_FOURTH = ("1", "1.0", "1.5", "1.7", "2.1", "2.5", "2.7", "3.1", "3.5", "3.7", "4")
LEVELS: Mapping[str, frozenset[str]] = {
    "ASAM_3": frozenset({"0.5", "1", "2.1", "2.5", "3.1", "3.3", "3.5", "3.7", "4"}),
    "ASAM_4": frozenset({*_FOURTH, *(f"{level} COE" for level in _FOURTH), "3.7 BIO"}),
}
# Where nobody says the edition: the plain levels of either.
PLAIN = frozenset(
    level for levels in LEVELS.values() for level in levels if not level[-1].isalpha()
)
