"""What instruments ask, item by item, and what may be answered, as far as we may say it.

PHQ-9 and GAD-7 may be reproduced by anybody (phqscreeners.com: no permission is required), AUDIT-C
as the World Health Organization's AUDIT, of which it is three items. Of C-SSRS's questions it says
only what each is about; DAST-10's and BAM's are read from their sheets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.intake.domain.instruments import audit_c, bam, c_ssrs, dast10, gad7, phq9


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWording:
    """`asks` empty: its sheet says it. `answers`: from the lowest; none: their numbers alone."""

    item: int
    asks: str = ""
    answers: tuple[str, ...] = ()


HOW_OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
HOW_DIFFICULT = (
    "Not difficult at all",
    "Somewhat difficult",
    "Very difficult",
    "Extremely difficult",
)
NO_OR_YES = ("No", "Yes")


def _asked(items: Mapping[int, str], answers: tuple[str, ...]) -> tuple[ItemWording, ...]:
    return tuple(ItemWording(item=item, asks=asks, answers=answers) for item, asks in items.items())


WORDINGS: Mapping[str, Sequence[ItemWording]] = {
    phq9.ID: (
        *_asked(
            {
                1: "Little interest or pleasure in doing things",
                2: "Feeling down, depressed, or hopeless",
                3: "Trouble falling or staying asleep, or sleeping too much",
                4: "Feeling tired or having little energy",
                5: "Poor appetite or overeating",
                6: "Feeling bad about yourself, or that you are a failure or have let yourself or"
                " your family down",
                7: "Trouble concentrating on things, such as reading the newspaper or watching"
                " television",
                8: "Moving or speaking so slowly that other people could have noticed; or the"
                " opposite, being so fidgety or restless that you have been moving around a lot"
                " more than usual",
                phq9.SELF_HARM: "Thoughts that you would be better off dead, or of hurting yourself"
                " in some way",
            },
            HOW_OFTEN,
        ),
        ItemWording(
            item=phq9.FUNCTIONING,
            asks="How difficult these problems made it to do your work, take care of things at"
            " home, or get along with other people",
            answers=HOW_DIFFICULT,
        ),
    ),
    gad7.ID: (
        *_asked(
            {
                1: "Feeling nervous, anxious, or on edge",
                2: "Not being able to stop or control worrying",
                3: "Worrying too much about different things",
                4: "Trouble relaxing",
                5: "Being so restless that it is hard to sit still",
                6: "Becoming easily annoyed or irritable",
                7: "Feeling afraid, as if something awful might happen",
            },
            HOW_OFTEN,
        ),
        ItemWording(
            item=gad7.DIFFICULTY,
            asks="How difficult these problems made it to do your work, take care of things at"
            " home, or get along with other people",
            answers=HOW_DIFFICULT,
        ),
    ),
    audit_c.ID: (
        ItemWording(
            item=1,
            asks="How often do you have a drink containing alcohol?",
            answers=(
                *("Never", "Monthly or less", "2 to 4 times a month"),
                *("2 to 3 times a week", "4 or more times a week"),
            ),
        ),
        ItemWording(
            item=2,
            asks="How many drinks containing alcohol do you have on a typical day when you are"
            " drinking?",
            answers=("1 or 2", "3 or 4", "5 or 6", "7 to 9", "10 or more"),
        ),
        ItemWording(
            item=3,
            asks="How often do you have six or more drinks on one occasion?",
            answers=("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily"),
        ),
    ),
    c_ssrs.ID: _asked(
        {
            1: "A wish to be dead, in the past month",
            c_ssrs.THOUGHTS: "Thoughts of suicide, in the past month",
            3: "With a method (asked after a yes to 2)",
            4: "With some intent (asked after a yes to 2)",
            5: "With a plan and intent (asked after a yes to 2)",
            c_ssrs.BEHAVIOUR: "Behavior towards suicide, ever",
            c_ssrs.BEHAVIOUR_RECENT: "That within the past three months (asked after a yes to 6)",
        },
        NO_OR_YES,
    ),
    dast10.ID: tuple(ItemWording(item=item, answers=NO_OR_YES) for item in dast10.SCORED),
    bam.ID: (),
}
