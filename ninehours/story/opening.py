"""The week before: sites, staff, templates, level rules; payers with their rules, who bills."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.story import days, rules
from ninehours.story.gateway import BILLER, MANAGER, SECOND_BILLER
from ninehours.story.network import (
    EVERYWHERE,
    FACILITATORS,
    GROUPS,
    PAYERS,
    PROGRAMS,
    PROVIDERS,
    SITES,
    TAXONOMY,
    AtEverySite,
    site_of,
)
from ninehours.story.people import VOCABULARY
from ninehours.story.requests import credential, define_template, dollars
from ninehours.story.story import DemoStory

STEP = timedelta(minutes=5)


def open_network(story: DemoStory) -> None:
    """Everything that is there before the first client comes."""
    moments = _moments()
    _open_sites(story, moments)
    _define_groups(story, moments)
    _register_billing(story, moments)
    _agree_with_payers(story, moments)
    for person in EVERYWHERE:
        _credential_everywhere(story, moments, person)


def _moments() -> Iterator[datetime]:
    """One after the other, from eight in the morning."""
    moment = days.at(days.OPENING, 8)
    while True:
        yield moment
        moment += STEP


def _open_sites(story: DemoStory, moments: Iterator[datetime]) -> None:
    network, npis = story.network, story.people.npis
    for site in SITES:
        request = attendance.OpenSiteRequest(
            name=site.name, time_zone=site.time_zone, address=site.address, npi=npis[site.key]
        )
        opened = story.give(MANAGER, f"open {site.key}", request, next(moments))
        network.site_ids[site.key] = opened.site_id
        network.opened[site.key] = opened.receipt.published
    for program in PROGRAMS:
        opening = attendance.OpenProgramRequest(
            site_id=network.site_ids[program.site],
            kind=f"PROGRAM_KIND_{program.kind}",
            governed_by=f"GOVERNED_BY_{'PART2' if program.under_part2 else 'HIPAA_ALONE'}",
        )
        started = story.give(MANAGER, f"open program {program.key}", opening, next(moments))
        network.program_ids[program.key] = started.program_id
        network.opened[program.key] = started.receipt.published
    for facilitator in FACILITATORS:
        key = facilitator.key
        state = next(site_of(group).state for group in GROUPS if group.facilitator == key)
        valid = credential(facilitator.credential, state, npis[key])
        credentialed = story.give(MANAGER, f"credential {key}", valid, next(moments))
        network.staff_ids[key] = credentialed.staff_id
        network.credentialed[key] = credentialed.receipt.published


def _define_groups(story: DemoStory, moments: Iterator[datetime]) -> None:
    network = story.network
    for group in GROUPS:
        template = define_template(
            group, network.site_ids[site_of(group).key], network.program_ids[group.program]
        )
        defined = story.give(network.front_desk, f"define {group.key}", template, next(moments))
        network.template_ids[group.key] = defined.template_id
    thresholds = rules.level_rules()
    proposal = plans.ProposeLevelRulesRequest(rules=thresholds)
    story.give(MANAGER, "propose level rules", proposal, next(moments))
    director = network.clinician(FACILITATORS[0].key)
    confirmation = plans.ConfirmLevelRulesRequest(version=thresholds.version)
    story.give(director, "confirm level rules", confirmation, next(moments))


def _register_billing(story: DemoStory, moments: Iterator[datetime]) -> None:
    network, npis = story.network, story.people.npis
    for provider in PROVIDERS:
        request = billing.RegisterProviderRequest(
            name=provider.name,
            npi=npis[provider.key],
            tax_id=story.people.tax_id,
            taxonomy=TAXONOMY,
            address=SITES[0].address,  # all is billed from there
            contact_name="Billing Office",
            contact_phone="3125550142",
        )
        registered = story.give(BILLER, f"register {provider.key}", request, next(moments))
        network.provider_ids[provider.key] = registered.provider_id
        for code, amount in provider.fees.items():
            fee = billing.SetFeeRequest(
                provider_id=registered.provider_id,
                code=code,
                charge=dollars(amount),
                effective_from=to_date(days.LONG_BEFORE),
            )
            story.give(BILLER, f"set fee {code} of {provider.key}", fee, next(moments))
    for facilitator, (family_name, given_name) in zip(
        FACILITATORS, VOCABULARY.staff_names, strict=True
    ):
        key = facilitator.key
        practitioner = billing.RegisterPractitionerRequest(
            staff_id=network.staff_ids[key],
            family_name=family_name,
            given_name=given_name,
            npi=npis[key],
            taxonomy=facilitator.taxonomy,
        )
        after = network.credentialed[key]
        story.give(BILLER, f"register {key}", practitioner, next(moments), after=after)


def _agree_with_payers(story: DemoStory, moments: Iterator[datetime]) -> None:
    network = story.network
    for payer in PAYERS:
        request = billing.RegisterPayerRequest(
            name=payer.name, payer_number=payer.number, filing_indicator=payer.filing_indicator
        )
        registered = story.give(BILLER, f"register {payer.key}", request, next(moments))
        payer_id = network.payer_ids[payer.key] = registered.payer_id
        network.registered[payer.key] = registered.receipt.published
        for site, site_id in network.site_ids.items():
            enrollment = billing.EnrollProviderRequest(
                provider_id=network.provider_ids[payer.billed_by],
                payer_id=payer_id,
                site_id=site_id,
                effective_from=to_date(days.LONG_BEFORE),
            )
            step, after = f"enroll with {payer.key} for {site}", network.opened[site]
            story.give(BILLER, step, enrollment, next(moments), after=after)
        rule_set = network.rules[payer.key] = rules.rules_of(payer.key, payer_id)
        proposal = rules.propose(rule_set, payer.key)
        story.give(BILLER, f"propose rules of {payer.key}", proposal, next(moments))
        confirmation = billing.ConfirmRuleSetRequest(payer_id=payer_id, version=rule_set.version)
        story.give(SECOND_BILLER, f"confirm rules of {payer.key}", confirmation, next(moments))


def _credential_everywhere(
    story: DemoStory, moments: Iterator[datetime], person: AtEverySite
) -> None:
    staff_id = ""
    for site in SITES:
        request = credential(
            person.credential,
            site.state,
            person.npi,
            token_subject=person.subject,
            staff_id=staff_id,
        )
        step = f"credential the {person.key} in {site.state}"
        staff_id = story.give(MANAGER, step, request, next(moments)).staff_id
