"""What each list's CSV has, column by column."""

from typing import Any

from ninehours.cli.billing_lists import Payers, iso, name_of
from ninehours.cli.csv_export import Column, amount


def claims(payers: Payers) -> list[Column]:
    return [
        ("claim_id", lambda c: c.claim_id),
        ("state", lambda c: "WITHDRAWN" if c.withdrawn else name_of(c, "state")),
        ("frequency", lambda c: c.frequency),
        ("client_id", lambda c: c.client_id),
        ("payer_id", lambda c: c.payer_id),
        ("payer", lambda c: payers.name(c.payer_id)),
        ("provider_id", lambda c: c.provider_id),
        ("site_id", lambda c: c.site_id),
        ("period_start", lambda c: iso(c.period_start)),
        ("period_end", lambda c: iso(c.period_end)),
        ("lines", lambda c: len(c.lines)),
        ("charge", lambda c: amount(c.charge.minor_units)),
        ("form", lambda c: name_of(c, "claim_form")),
        ("authorization_id", lambda c: c.authorization_id),
        ("batch_id", lambda c: c.batch_id),
        ("adjudication", lambda c: name_of(c, "adjudication")),
        ("adjudicated_on", lambda c: iso(c.adjudicated_on)),
        ("paid", lambda c: amount(c.paid.minor_units) if c.HasField("paid") else ""),
        ("payer_control_number", lambda c: c.payer_control_number),
        ("corrects_claim_id", lambda c: c.corrects_claim_id),
        ("followed_by_claim_id", lambda c: c.followed_by_claim_id),
    ]


def service_days(payers: Payers) -> list[Column]:
    return [
        ("client_id", lambda d: d.client_id),
        ("service_date", lambda d: iso(d.service_date)),
        ("payer_id", lambda d: d.payer_id),
        ("payer", lambda d: payers.name(d.payer_id)),
        ("site_id", lambda d: d.site_id),
        ("outcome", lambda d: "WITHDRAWN" if d.withdrawn else name_of(d, "outcome")),
        ("reasons", lambda d: " ".join(reasons(d.verdicts))),
        ("minutes", lambda d: d.minutes),
        ("codes", lambda d: " ".join(f"{line.code}x{line.units}" for line in d.lines)),
        ("charge", lambda d: amount(claimed(d))),
        ("authorization_id", lambda d: d.authorization_id),
        ("rules", lambda d: d.rules),
        ("revision", lambda d: d.revision),
    ]


def holds(payers: Payers) -> list[Column]:
    return [
        ("client_id", lambda h: h.client_id),
        ("service_date", lambda h: iso(h.service_date)),
        ("payer_id", lambda h: h.payer_id),
        ("payer", lambda h: payers.name(h.payer_id)),
        ("site_id", lambda h: h.site_id),
        ("state", lambda h: "RELEASED" if h.released else "HOLD"),
        ("reasons", lambda h: " ".join(reasons(h.reasons))),
        ("age_days", lambda h: h.age_days),
        ("at_stake", lambda h: amount(h.at_stake.minor_units) if h.HasField("at_stake") else ""),
    ]


def proposals(payers: Payers) -> list[Column]:
    return [
        ("claim_id", lambda p: p.claim_id),
        ("client_id", lambda p: p.client_id),
        ("payer_id", lambda p: p.payer_id),
        ("payer", lambda p: payers.name(p.payer_id)),
        ("action", lambda p: name_of(p, "action")),
        ("state", lambda p: "WITHDRAWN" if p.withdrawn else name_of(p, "state")),
        ("issued_charge", lambda p: amount(p.issued_charge.minor_units)),
        ("corrected_charge", lambda p: amount(p.corrected_charge.minor_units)),
        ("changed_dates", lambda p: " ".join(map(iso, p.changed_dates))),
        ("revision", lambda p: p.revision),
        ("waits_for", awaited),
    ]


def reasons(verdicts: Any) -> list[str]:
    """Why closed gates are closed, each once."""
    return [*dict.fromkeys(each.reason for each in verdicts if not each.open)]


def awaited(proposal: Any) -> str:
    """Reasons of the gates that could bring back a date, each once."""
    return " ".join(dict.fromkeys(each.reason for each in proposal.waits_for))


def claimed(day: Any) -> int:
    """What a claim carries of the day, in cents: of a day on HOLD, only what stands beside it."""
    billable = name_of(day, "outcome") in ("PER_DIEM", "DISCRETE") and not day.withdrawn
    return sum(line.charge.minor_units for line in day.lines if billable or line.ancillary)
