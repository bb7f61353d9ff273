"""What may stand as a state in an address of the United States: one list for whoever asks."""

_STATES = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH"
    " NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
    " AS FM GU MH MP PR PW VI AA AE AP"
)
STATES = frozenset(_STATES.split())
"""The states, the District, what the post serves beside them, and its three military ones.

Source: USPS Publication 28, appendix B.
"""
