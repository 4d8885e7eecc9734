"""The image: what its Dockerfile says, carried out in a folder instead of a container."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.cli.commands.proxy import proxy
from feedrec.cli.commands.replay import replay

from ..cli.command import DEMO, background, first_line
from ..timing import HANG_TIMEOUT
from .composite_action import INSTALL_TIMEOUT, ROOT

DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
INSTRUCTIONS = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)


def instructions(name: str) -> list[str]:
    return [value for given, value in INSTRUCTIONS if given == name]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Carry out the first stage, in a folder that stands for `/`."""
    root = tmp_path_factory.mktemp("image")

    def below(text: str) -> str:
        return re.sub(r"(?<![\w./])/(src|build|wheels|opt)\b", rf"{root}/\1", text)

    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(sys.executable)
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment["PIP_NO_COMPILE"] = "1"  # most of the time of an installation
    environment["PATH"] = f"{root / 'bin'}:{os.environ['PATH']}"
    workdir = root
    for name, value in INSTRUCTIONS:
        if name == "WORKDIR":
            workdir = Path(below(value))
            workdir.mkdir(exist_ok=True)
        elif name == "COPY" and not value.startswith("--from"):
            *sources, target = value.split()
            for source in sources:
                place = workdir / target if target.endswith("/") else workdir
                _copy(ROOT / source, place / source)
        elif name == "RUN":
            subprocess.run(
                ["/bin/sh", "-ec", below(value)], cwd=workdir, env=environment, timeout=INSTALL_TIMEOUT, check=True
            )
        elif (name, value) != ("FROM", instructions("FROM")[0]) and name == "FROM":
            break
    return root / "opt" / "feedrec"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def test_it_has_feedrec_and_the_pinned_versions_of_what_that_needs(image: Path) -> None:
    """And nothing besides: no pip, no build backend."""
    code = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
    done = subprocess.run([image / "bin" / "python", "-c", code], capture_output=True, check=True, timeout=HANG_TIMEOUT)
    installed = {line.lower() for line in done.stdout.decode().split() if not line.startswith("feedrec==")}
    assert len(installed) > 6
    assert installed <= set((ROOT / "constraints.txt").read_text().lower().split())
    assert {"pip", "hatchling"} & {line.partition("==")[0] for line in installed} == set()


def test_it_replays(image: Path) -> None:
    entry = json.loads(instructions("ENTRYPOINT")[0])
    assert entry == ["feedrec"]
    done = subprocess.run(
        [image / "bin" / entry[0], "replay", DEMO, "--speed", "max", "--", "printenv", "FEEDREC_URL"],
        capture_output=True,
        check=True,
        timeout=HANG_TIMEOUT,
    )
    assert done.stdout.startswith(b"ws://127.0.0.1:")


def test_its_python_is_one_that_feedrec_supports() -> None:
    version = instructions("ARG")[0].removeprefix("PYTHON=")
    assert f'"Programming Language :: Python :: {version}"' in (ROOT / "pyproject.toml").read_text()
    assert set(instructions("FROM")) == {"python:${PYTHON}-slim AS build", "python:${PYTHON}-slim"}


def test_what_it_copies_passes_the_ignore_file() -> None:
    """Nothing else does: neither recordings that lie about, nor environments."""
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    lines = (ROOT / ".dockerignore").read_text().split("\n")
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied


def test_its_ports_are_those_of_the_commands() -> None:
    ports = [option.default for command in (replay, proxy) for option in command.params if option.name == "port"]
    assert instructions("EXPOSE") == [" ".join(map(str, ports))]


def test_it_is_not_root() -> None:
    assert instructions("USER") == ["1000:1000"]


def test_others_reach_what_it_serves() -> None:
    """By variables that feedrec knows; it warns of those that it does not."""
    variables = dict(pair.split("=", 1) for pair in instructions("ENV")[0].split() if pair.startswith("FEEDREC_"))
    assert variables == {"FEEDREC_REPLAY_HOST": "0.0.0.0", "FEEDREC_PROXY_HOST": "0.0.0.0"}
    with background("replay", DEMO, "--port", 0, env={**os.environ, **variables}) as process:
        first_line(process.stdout)
        assert process.stderr is not None
        log = process.stderr.readline() + process.stderr.readline()
    assert b"listening on 0.0.0.0:" in log
    assert b"unknown" not in log


class Health(http.server.BaseHTTPRequestHandler):
    """Answers as a recorder does that is well, or is not."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def answering(status: int) -> Iterator[int]:
    """Answer as a recorder; give the port."""
    handler = type("Handler", (Health,), {"status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def is_healthy(command: str, tmp_path: Path, replay_port: int = 1, metrics: str = "") -> bool:
    """Tell what the image's check says of a process that was started so."""
    check = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert check == ["python", "/opt/feedrec/health.py"]
    assert "deploy/container/health.py /opt/feedrec/" in instructions("COPY")
    (tmp_path / "cmdline").write_text(f"/opt/feedrec/bin/python\0/opt/feedrec/bin/feedrec\0{command}\0btc.jsonl.zst\0")
    program = (ROOT / "deploy" / "container" / "health.py").read_text().replace("8765", str(replay_port))
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "cmdline"],
        env={**os.environ, "FEEDREC_RECORD_METRICS": metrics},
        stderr=subprocess.PIPE,
        timeout=HANG_TIMEOUT,
        check=False,
    )
    return done.returncode == 0


def test_a_replay_is_healthy_when_it_listens(tmp_path: Path) -> None:
    with answering(200) as port:
        assert is_healthy("replay", tmp_path, replay_port=port)
    assert not is_healthy("replay", tmp_path)


def test_a_recorder_is_healthy_when_it_says_so_and_without_a_port_always(tmp_path: Path) -> None:
    assert is_healthy("record", tmp_path)
    with answering(200) as port:
        assert is_healthy("record", tmp_path, metrics=f"0.0.0.0:{port}")
    with answering(503) as port:
        assert not is_healthy("record", tmp_path, metrics=f"0.0.0.0:{port}")
    assert not is_healthy("record", tmp_path, metrics="0.0.0.0:1")
