"""A command gets the environment of the recorder, but none of its secrets."""

from __future__ import annotations

from feedrec.recorder.commands.environment import environment_for_commands


def test_secrets_and_the_line_to_the_supervisor_stay_with_the_recorder() -> None:
    kept = {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "theirs", "FEEDREC_DEBUG": "1", "FEEDREC_CONVERT_LEVEL": "9"}
    own = {"FEEDREC_RECORD_HEADER": "Authorization: x", "FEEDREC_PROXY_HEADER": "x", "NOTIFY_SOCKET": "/run/x"}
    assert environment_for_commands({**kept, **own, "A_VENUES_KEY": "secret"}, {"A_VENUES_KEY"}) == kept
