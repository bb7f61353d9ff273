"""The week before: sites, staff, templates, level rules; payers with their rules, who bills."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ninehours.story import days, rules
from ninehours.story.lists import AUDITOR
from ninehours.story.network import (
    AUDITOR_CREDENTIAL,
    AUDITOR_NPI,
    FACILITATORS,
    GROUPS,
    PAYERS,
    PROGRAMS,
    PROVIDERS,
    SITES,
    program_of,
    site_of,
)
from ninehours.story.people import Cast
from ninehours.story.requests import attendance, billing, plans
from ninehours.story.stage import EVERY_SITE, Person, Stage
from ninehours.story.story import BILLER, DESK, MANAGER, SECOND_BILLER, Place
from ninehours.story.vocabulary import STAFF_NAMES

STEP = timedelta(minutes=5)


def open_network(stage: Stage, cast: Cast) -> Place:
    """Everything that is there before the first client comes."""
    stage.scene("three sites in two time zones, five clinicians, four payers with their rules")
    place = Place()
    now = _moments()
    _open_sites(stage, cast, place, now)
    for who, person in _people(place).items():
        stage.enter(who, person)
    _define_groups(stage, place, now)
    _register_billing(stage, cast, place, now)
    _agree_with_payers(stage, place, now)
    _credential_auditor(stage, now)
    return place


def _moments() -> Iterator[datetime]:
    """One after the other, from eight in the morning."""
    at = days.at(days.OPENING, 8)
    while True:
        yield at
        at += STEP


def _open_sites(stage: Stage, cast: Cast, place: Place, now: Iterator[datetime]) -> None:
    manager = Person(role="administrator", subject="person/administrator", purpose="OPERATIONS")
    stage.enter(MANAGER, manager)
    for site in SITES:
        request = attendance.open_site(site, cast.npis[site.key])
        opened = stage.tell(MANAGER, f"open {site.key}", request, next(now))
        place.site_ids[site.key] = opened.site_id
        place.opened[site.key] = opened.receipt.published
    for program in PROGRAMS:
        opening = attendance.open_program(program, place.site_ids[program.site])
        started = stage.tell(MANAGER, f"open program {program.key}", opening, next(now))
        place.program_ids[program.key] = started.program_id
        place.opened[program.key] = started.receipt.published
    for who in FACILITATORS:
        state = next(site_of(group).state for group in GROUPS if group.facilitator == who.key)
        credential = attendance.credential(who.credential, state, cast.npis[who.key])
        credentialed = stage.tell(MANAGER, f"credential {who.key}", credential, next(now))
        place.staff_ids[who.key] = credentialed.staff_id
        place.credentialed[who.key] = credentialed.receipt.published


def _people(place: Place) -> dict[str, Person]:
    """Clinicians and the front desk work at the three sites; what is the network's takes `*`."""
    sites = tuple(place.site_ids.values())
    clinicians = {
        who.key: Person(
            role="clinician",
            subject=f"staff/{place.staff_ids[who.key]}",
            purpose="TREATMENT",
            # The first is the network's clinical director too, who confirms its level rules.
            sites=sites if number else EVERY_SITE,
        )
        for number, who in enumerate(FACILITATORS)
    }
    billers = {
        who: Person(role="biller", subject=f"person/biller-{n}", purpose="PAYMENT")
        for n, who in enumerate((BILLER, SECOND_BILLER), start=1)
    }
    desk = Person(role="front_desk", subject="person/front-desk", purpose="OPERATIONS", sites=sites)
    return {DESK: desk, **clinicians, **billers}


def _define_groups(stage: Stage, place: Place, now: Iterator[datetime]) -> None:
    for group in GROUPS:
        program_id = place.program_ids[program_of(group.program).key]
        template = attendance.define_template(group, place.site_ids[site_of(group).key], program_id)
        defined = stage.tell(DESK, f"define {group.key}", template, next(now))
        place.template_ids[group.key] = defined.template_id
    thresholds = rules.level_rules()
    proposal = plans.propose_level_rules(thresholds)
    stage.tell(MANAGER, "propose level rules", proposal, next(now))
    confirmation = plans.confirm_level_rules(thresholds)
    stage.tell(FACILITATORS[0].key, "confirm level rules", confirmation, next(now))


def _register_billing(stage: Stage, cast: Cast, place: Place, now: Iterator[datetime]) -> None:
    for provider in PROVIDERS:
        request = billing.register_provider(provider, cast.npis[provider.key], cast.tax_id)
        registered = stage.tell(BILLER, f"register {provider.key}", request, next(now))
        place.provider_ids[provider.key] = registered.provider_id
        for code, amount in provider.fees.items():
            fee = billing.set_fee(registered.provider_id, code, amount)
            stage.tell(BILLER, f"set fee {code} of {provider.key}", fee, next(now))
    for who, name in zip(FACILITATORS, STAFF_NAMES, strict=True):
        staff_id = place.staff_ids[who.key]
        practitioner = billing.register_practitioner(
            who, staff_id, name, cast.npis[who.key], after=place.credentialed[who.key]
        )
        stage.tell(BILLER, f"register {who.key}", practitioner, next(now))


def _agree_with_payers(stage: Stage, place: Place, now: Iterator[datetime]) -> None:
    for payer in PAYERS:
        request = billing.register_payer(payer)
        registered = stage.tell(BILLER, f"register {payer.key}", request, next(now))
        payer_id = place.payer_ids[payer.key] = registered.payer_id
        place.registered[payer.key] = registered.receipt.published
        for site, site_id in place.site_ids.items():
            provider_id, known = place.provider_ids[payer.billed_by], place.opened[site]
            enrollment = billing.enroll(provider_id, payer_id, site_id, after=known)
            stage.tell(BILLER, f"enroll with {payer.key} for {site}", enrollment, next(now))
        of_payer = place.rules[payer.key] = rules.rules_of(payer.key, payer_id)
        proposal = billing.propose_rules(of_payer, rules.NOT_ASKED[payer.key])
        stage.tell(BILLER, f"propose rules of {payer.key}", proposal, next(now))
        confirmation = billing.confirm_rules(of_payer)
        stage.tell(SECOND_BILLER, f"confirm rules of {payer.key}", confirmation, next(now))


def _credential_auditor(stage: Stage, now: Iterator[datetime]) -> None:
    staff_id = ""
    for site in SITES:
        credential = attendance.credential(
            AUDITOR_CREDENTIAL,
            site.state,
            AUDITOR_NPI,
            token_subject=AUDITOR.subject,
            staff_id=staff_id,
        )
        step = f"credential the clinical auditor in {site.state}"
        staff_id = stage.tell(MANAGER, step, credential, next(now)).staff_id
