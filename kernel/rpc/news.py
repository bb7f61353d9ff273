"""NewsService: that something was recorded, by ids alone, for as long as somebody watches."""

import time
from collections.abc import Iterator

from ninehours.exchange.v1 import news_service_pb2 as pb

from kernel.facts import kind_of
from kernel.refusal import Malformed
from kernel.rpc.call import Call
from kernel.store.news import News, Unnamed

SERVICE = pb.DESCRIPTOR.services_by_name["NewsService"]
LOOK = 5.0  # seconds until it is seen that nobody reads any more
LONGEST = 300.0  # then whoever watches is believed anew


class NewsServicer:
    """Answers from what its record tells."""

    def __init__(self, news: News) -> None:
        self._news = news

    def Watch(self, request: pb.WatchRequest, call: Call) -> Iterator[pb.WatchResponse]:
        kinds = frozenset(request.kinds)
        if not kinds:
            raise Malformed(kinds="is required")
        return self._watched(kinds, call)

    def _watched(self, kinds: frozenset[str], call: Call) -> Iterator[pb.WatchResponse]:
        until = time.monotonic() + LONGEST
        with self._news.followed() as follower:
            while call.active() and time.monotonic() < until:
                match follower.next(LOOK):
                    case None:
                        continue
                    case Unnamed.END:
                        return
                    case Unnamed.ANYTHING:
                        yield pb.WatchResponse(anything=True)
                    case str() as names:
                        if changed := [each for each in names.split() if kind_of(each) in kinds]:
                            yield pb.WatchResponse(changed=changed)
