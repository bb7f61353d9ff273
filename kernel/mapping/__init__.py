"""One mapper between messages and frozen dataclasses that say the same under the same names.

A pair is built once, when its module is imported, and is called like a function:

    to_fee = fact_reader(public.FeeSet, known.Fee, given=("fact", "sequence"))
    fee = to_fee(heard.message, fact=str(heard.id), sequence=heard.sequence)

    to_set_fee = request_reader(pb.SetFeeRequest, SetFee, code=procedure, charge_minor=usd(1))
    command = to_set_fee(request)

    fee_message = writer(public.FeeSet, provider.FeeSet)
    message = fee_message(fact)

Fields go by name, and by what both sides declare: `date` is a Date, `datetime` a Timestamp, text
(or a StrEnum, a Literal) an enum without its prefix, `charge_minor` the cents of Money `charge`, a
dataclass a message, `tuple` or `frozenset` a repeated field, `Mapping` a map. `X | None`, and what
has a default, may be left out.

Only what differs is said by hand, as a keyword named as the field that is to be filled:

    payer_id=named("recipient_payer_id")       it has another name; a path with dots is one, too
    from_=named("starts_at")                   the field is `from`, a word of Python's
    overlap=named("flags", holds_overlap)      it is `holds_overlap(message, "flags")`
    code=text(5), version=bounded(1, 100)      reading: by a reader of fields.py or translate.py
    lines=to_line, lines=line_message          what is nested goes by that pair
    scope="CLAIM"                              it is always that
    objectives=lambda fact: len(fact.ratings)  writing: it is computed, and then goes by its type
    given=("revision",)                        it is said at each call
    through=("authorization",)                 writing: fields of its `authorization` count, too

What nothing fills is a TypeError at import: a dataclass's field without a default, and a message's
unless protos/ say why (`unfilled`, or deprecated). tests/architecture/test_mappings.py looks for
fields that nobody reads.

A fact from inside is believed: what it doesn't say is empty, as proto3 has it, but dates and times.
A request from outside is judged, and all that is wrong with it is in one Malformed: `<x>_id`
is a UUID, text is not blank and at most 200 characters, an enum is said; numbers, amounts and lists
of text have limits, which are said by hand.
"""
