"""National Provider Identifiers: ten digits, the last one a Luhn check over 80840 and the rest."""

_ISSUER = "80840"
_DIGITS = frozenset("0123456789")


def is_valid_npi(value: str) -> bool:
    """Ten digits, starting with 1 or 2, whose last is the check digit of the first nine."""
    if len(value) != 10 or not _DIGITS.issuperset(value) or value[0] not in "12":
        return False
    return check_digit_for(value[:9]) == value[9]


def check_digit_for(nine_digits: str) -> str:
    """The tenth digit of an NPI."""
    if len(nine_digits) != 9 or not _DIGITS.issuperset(nine_digits):
        raise ValueError("an NPI's check digit is computed from nine digits")
    total = 0
    for position, digit in enumerate(reversed(_ISSUER + nine_digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
