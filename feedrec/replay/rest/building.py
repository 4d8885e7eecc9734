"""From what a replay serves to what answers requests about it."""

from __future__ import annotations

from collections.abc import Callable

from ...admission.log_limit import Log
from ...feeds import feed_of, hosts_of_feed
from ...feeds.rest import rest_half_of
from ...http_messages import HttpAnswer, HttpRequest
from ..observer import Observer
from ..options import ReplayOptions
from ..steering.steering import Steering
from ..venue.endpoints import Endpoint, Endpoints
from .audience import Audience
from .derived.answer_process import AnswerProcess
from .derived.derived_answers import DerivedAnswers
from .moments import Moments
from .recorded_answers import RecordedAnswers
from .recorded_exchanges import RecordedExchanges
from .service import RestEndpoint, RestService

__all__ = ["build_service"]


def build_service(
    endpoints: Endpoints,
    options: ReplayOptions,
    steering: Steering,
    audience: Audience,
    *,
    plain: Callable[[HttpRequest], HttpAnswer],
    observer: Observer | None,
    log: Log,
) -> RestService:
    """
    Build what answers requests; see `RestService`.

    Args:
        endpoints: What is served.
        options: How to replay.
        steering: Says when something is played.
        audience: Who is connected.
        plain: Answers a request for a path of WebSocket clients.
        observer: Hears of requests, if anybody does.
        log: Takes log lines about requests.

    """
    return RestService(
        {endpoint.name: _endpoint(endpoint, steering, audience) for endpoint in endpoints},
        plain=plain,
        on_answer=(observer or Observer()).on_request,
        log=log,
        strict=options.strict,
    )


def _endpoint(endpoint: Endpoint, steering: Steering, audience: Audience) -> RestEndpoint:
    moments, venue = Moments(endpoint, audience, steering), endpoint.venue
    feeds = [venue.feed] if venue is not None else [feed_of(name) for name in endpoint.name.split("+")]
    hosts = frozenset(host for feed in feeds if feed is not None for host in hosts_of_feed(feed))
    recorded = RecordedAnswers(RecordedExchanges(endpoint.timeline.paths))
    half = None if venue is None else rest_half_of(venue.feed)
    if venue is None or half is None:
        return RestEndpoint(hosts, recorded, moments.now)
    catalogue, timeline = venue.survey.catalogue, endpoint.timeline
    process = AnswerProcess(half, venue.catalogue_feed, timeline, catalogue, keeps=venue.keeps_states)
    derived = DerivedAnswers(half, catalogue, process, moments.now, lambda: not len(audience))
    return RestEndpoint(hosts, recorded, moments.now, derived, venue.auth)
