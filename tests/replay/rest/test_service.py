"""What a request is answered: as recorded, as the REST half makes it, or as the venue says that there is nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any, cast

import pytest

from feedrec.errors import RecordingError
from feedrec.feeds.auth import Auth
from feedrec.feeds.rest import GUESSED, Refused
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.clock.time_types import RecordedSteady, RecordedWall
from feedrec.replay.rest.derived.answering import Made
from feedrec.replay.rest.derived.derived_answers import DerivedAnswers
from feedrec.replay.rest.derived.moment import Now
from feedrec.replay.rest.recorded_answers import RecordedAnswers
from feedrec.replay.rest.service import RestEndpoint, RestService

NOW = 77


class Half:
    """Says where it is from; `/private` needs credentials."""

    def __init__(self, name: str) -> None:
        self.name = name

    def refusal(self, request: HttpRequest, auth: Auth) -> HttpAnswer | None:
        reason = auth.check_jwt(request.parameter("jwt")) if request.path == "/private" else None
        return None if reason is None else Refused(401, b"unauthorized by " + self.name.encode(), reason=reason)

    def not_found(self, request: HttpRequest) -> HttpAnswer:
        return HttpAnswer(404, f"{self.name} has no {request.target}".encode())


class Derived:
    """What is made, by path."""

    def __init__(self, half: Half, made: dict[str, Made]) -> None:
        self.half = half
        self.is_closed = False
        self._made = made

    async def answer(self, request: HttpRequest, host: str, now: Now) -> Made:
        assert host == "127.0.0.1"
        assert now.present == NOW
        if request.path == "/damaged":
            raise RecordingError("a.jsonl", "is damaged")
        return self._made.get(request.path, Made(None))

    def close(self) -> None:
        self.is_closed = True


class Recorded:
    """What was recorded, by method and target."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = answers

    @property
    def has_any(self) -> bool:
        return bool(self._answers)

    def close(self) -> None:
        self._answers = {}

    async def find(self, request: HttpRequest, now: int) -> HttpAnswer | None:
        assert now == NOW
        body = self._answers.get(f"{request.method} {request.target}")
        return None if body is None else HttpAnswer(200, body)


def endpoint(
    name: str,
    hosts: Collection[str] = (),
    made: dict[str, Made] | None = None,
    recorded: dict[str, bytes] | None = None,
    *,
    has_begun: bool = True,
    mode: str = "any",
) -> RestEndpoint:
    now = Now(RecordedWall(NOW), NOW, RecordedSteady(NOW) if has_begun else None)
    derived = None if made is None else cast(DerivedAnswers, Derived(Half(name), made))
    auth = Auth(cast(Any, mode), now=lambda: 0)
    return RestEndpoint(hosts, cast(RecordedAnswers, Recorded(recorded or {})), lambda _: now, derived, auth)


class Served:
    """A service, and what it tells."""

    def __init__(self, endpoints: dict[str, RestEndpoint], *, strict: bool = False) -> None:
        self.faults = self.failures = 0
        self.told: list[tuple[HttpRequest, HttpAnswer, int | None]] = []
        self.service = RestService(
            endpoints,
            plain=lambda _: HttpAnswer(426, b"a WebSocket server"),
            on_answer=lambda *answered: self.told.append(answered),
            log=logging.getLogger("feedrec.replay"),
            strict=strict,
        )
        self.service.on_lack, self.service.on_failed = self._note_fault, self._note_failure

    def _note_fault(self) -> None:
        self.faults += 1

    def _note_failure(self) -> None:
        self.failures += 1

    def ask(self, target: str, method: str = "GET", host: str = "") -> HttpAnswer:
        headers = (("host", host),) if host else ()
        return asyncio.run(self.service.answer(HttpRequest(method, target, headers, address="127.0.0.1:4711")))

    def body(self, target: str, method: str = "GET", host: str = "") -> str:
        return self.ask(target, method, host).body.decode()


def made(body: bytes, guess: str = "") -> Made:
    return Made(HttpAnswer(200, body, headers=((GUESSED, guess),) if guess else ()))


def test_what_was_recorded_goes_before_what_is_made() -> None:
    served = Served({"a": endpoint("a", made={"/x": made(b"made"), "/y": made(b"made")}, recorded={"GET /x": b"told"})})
    assert [served.body(target) for target in ("/x", "/y", "/a/x")] == ["told", "made", "told"]
    assert served.faults == 0


def test_an_answer_recorded_by_any_endpoint_goes_before_what_the_first_one_makes() -> None:
    served = Served({"a": endpoint("a", made={"/x": made(b"made")}), "b": endpoint("b", recorded={"GET /x": b"told"})})
    assert [served.body(target) for target in ("/x", "/a/x", "/b/x")] == ["told", "made", "told"]


def test_the_host_chooses_among_endpoints_that_know_the_same_path() -> None:
    its = {name: endpoint(name, {f"{name}.test"}, {"/x": made(name.encode())}) for name in ("a", "b")}
    served = Served(its)
    assert [served.body("/x", host=host) for host in ("a.test", "b.test:8765", "localhost")] == ["a", "b", "a"]
    assert served.body("/z", host="b.test") == "b has no /z"


def test_head_is_looked_for_as_such_made_as_get_and_told_as_it_was() -> None:
    derived = {path: made(b"made") for path in ("/x", "/y")}
    served = Served({"a": endpoint("a", made=derived, recorded={"HEAD /x": b"told", "GET /x": b""})})
    assert [served.body(target, "HEAD") for target in ("/x", "/y")] == ["told", "made"]
    assert served.told[0][0].method == "HEAD"


def test_the_credentials_of_head_are_for_head() -> None:
    """They sign the method, too."""
    its, judged = endpoint("a", made={"/x": made(b"made")}), []
    cast(Any, its.half).refusal = lambda request, _: judged.append(request.method)
    assert Served({"a": its}).body("/x", "HEAD") == "made"
    assert judged == ["HEAD"]


def test_paths_of_websocket_clients_are_answered_as_before() -> None:
    served = Served({"a": endpoint("a", made={}), "b": endpoint("b", made={})})
    for target in ("/", "/a", "/b/?x=1", "/favicon.ico"):
        assert served.ask(target).status == 426
    assert served.faults == 0
    recorded = Served({"a": endpoint("a", recorded={"GET /": b"home"})})
    assert recorded.body("/") == "home"


def test_what_is_not_there_is_told_in_the_words_of_the_venue_and_is_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    served = Served({"a": endpoint("a", made={})})
    assert served.ask("/a/no?x=1") == HttpAnswer(404, b"a has no /no?x=1")
    assert served.faults == 1
    assert caplog.messages == ["GET /a/no?x=1: not recorded"]
    raw = Served({"raw": endpoint("raw", recorded={"GET /x": b"told"})})
    assert raw.ask("/no").status == 404
    assert raw.body("/no") == "feedrec: nothing was recorded for this request\n"


def test_where_there_are_only_websockets_any_path_is_theirs(caplog: pytest.LogCaptureFixture) -> None:
    served = Served({"raw": endpoint("raw")})
    assert served.ask("/no").status == 426
    assert served.faults == 0
    assert caplog.messages == []


def test_a_line_about_a_request_has_no_secrets_is_short_and_cannot_steer_a_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = Served({"a": endpoint("a", made={})})
    served.ask("/x?api_key=0123456789&y=\x1b[31m" + "z" * 1000)
    (line,) = caplog.messages
    assert line.startswith("GET /x?api_key=[redacted]&y=\\x1b[31mzzz")
    assert "0123456789" not in line
    assert len(line) < 400


def test_credentials_are_checked_and_the_reason_is_told_to_whoever_runs_the_replay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    its = {"made": {"/private": made(b"orders")}, "recorded": {"GET /private": b"told"}}
    served = Served({"a": endpoint("a", **cast(Any, its))})
    assert served.ask("/private").status == 401
    assert served.faults == 1
    assert caplog.messages == ["GET /private: refused: it has no jwt"]
    assert served.body("/private?jwt=x") == "orders"
    assert Served({"a": endpoint("a", **cast(Any, its), mode="none")}).body("/private") == "told"


def test_an_endpoint_that_does_not_refuse_may_answer_in_place_of_one_that_does() -> None:
    served = Served({"a": endpoint("a", made={}), "b": endpoint("b", recorded={"GET /private": b"told"}, mode="none")})
    assert served.body("/private") == "told"
    assert served.faults == 0


def test_a_guess_is_told_once_and_never_made_where_all_must_be_recorded(caplog: pytest.LogCaptureFixture) -> None:
    its = {"/x": made(b"x", "increments"), "/y": made(b"y", "increments"), "/z": made(b"z", "sizes")}
    served = Served({"a": endpoint("a", made=its)})
    for target in ("/x", "/y", "/z"):
        assert served.ask(target).headers
    assert caplog.messages == ["GET /x: partly guessed: increments", "GET /z: partly guessed: sizes"]
    assert served.faults == 0
    caplog.clear()
    strict = Served({"a": endpoint("a", made=its)}, strict=True)
    assert strict.ask("/x").status == 404
    assert strict.faults == 1
    assert caplog.messages == ["GET /x: would be partly guessed: increments", "GET /x: not recorded"]


def test_a_defect_or_damage_is_one_line_and_the_next_request_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    defect = Made(None, defect="KeyError in line 1 of x.py")
    served = Served({"a": endpoint("a", made={"/bug": defect, "/x": made(b"x")})})
    assert [served.ask(target).status for target in ("/bug", "/damaged", "/x")] == [500, 500, 200]
    assert (served.faults, served.failures) == (0, 2)
    assert caplog.messages == [
        "GET /bug: the answer failed: KeyError in line 1 of x.py",
        "GET /damaged: the answer failed: a.jsonl: is damaged",
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_whoever_wants_to_know_hears_of_each_request_with_its_time() -> None:
    for has_begun, time in ((True, NOW), (False, None)):
        served = Served({"a": endpoint("a", made={}, has_begun=has_begun, recorded={"POST /x": b"1"})})
        answers = [served.ask("/a/x", "POST"), served.ask("/no"), served.ask("/")]
        assert [(one.target, answer, when) for one, answer, when in served.told] == [
            ("/a/x", answers[0], time),
            ("/no", answers[1], time),
            ("/", answers[2], time),
        ]


def test_closing_ends_what_makes_answers_and_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    its = endpoint("a", made={})
    served = Served({"a": its, "b": endpoint("b")})
    served.service.close()
    assert cast(Any, its.derived).is_closed
    assert served.ask("/x").status == 503
    assert served.faults == 0
    assert caplog.messages == []
