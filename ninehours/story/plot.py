"""The story in order: who does what, and when. Played on a stage; the answers carry the ids on."""

from dataclasses import dataclass

from ninehours.story import days
from ninehours.story.admitting import prepare
from ninehours.story.between_weeks import ON_MONDAY, ONCE_ENDED, ONCE_ISSUED
from ninehours.story.billing_rounds import bill
from ninehours.story.endings import end_block
from ninehours.story.opening import open_network
from ninehours.story.people import Cast
from ninehours.story.stage import Stage
from ninehours.story.story import Place, Telling
from ninehours.story.weeks import play_week


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a story leaves behind, for those who look at it; clients by key."""

    place: Place
    client_ids: dict[str, str]
    batches: tuple[str, ...]


def play(stage: Stage, cast: Cast) -> Played:
    """The whole story. Played again on the same data it answers the same and changes nothing."""
    telling = Telling(stage=stage, cast=cast, place=open_network(stage, cast))
    prepare(telling, 1)
    for week in range(1, days.WEEKS + 1):
        play_week(telling, week)
        _between(telling, week)
    stage.settle()
    client_ids = {key: chart.client_id for key, chart in telling.charts.items()}
    return Played(place=telling.place, client_ids=client_ids, batches=tuple(telling.batches))


def _between(telling: Telling, week: int) -> None:
    """From a week's Friday to the next week's Tuesday."""
    block = next((each for each in days.BLOCKS if days.weeks_of(each)[-1] == week), None)
    if block is not None and block != days.BLOCKS[-1]:
        prepare(telling, block + 1)
    if week in ON_MONDAY:
        ON_MONDAY[week](telling)
    if week in days.BILLED_AFTER:
        bill(telling, week)
    if week in ONCE_ISSUED:
        ONCE_ISSUED[week](telling)
    if block is not None:
        end_block(telling, block)
    if week in ONCE_ENDED:
        ONCE_ENDED[week](telling)
