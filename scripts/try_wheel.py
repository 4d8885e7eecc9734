"""Build the wheel, install it into an empty environment outside the checkout, and run the demo there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command; exit with its exit code if it fails."""
    print("$", *command, flush=True)
    code = subprocess.run(command, cwd=cwd, check=False).returncode
    if code:
        sys.exit(code)


def main() -> None:
    """Build, install and use the wheel."""
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    with tempfile.TemporaryDirectory(prefix="feedrec-wheel-") as name:
        folder = Path(name)
        run(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT, cwd=folder)
        (wheel,) = folder.glob("feedrec-*.whl")
        venv.create(folder / "env", with_pip=True)
        python = folder / "env" / "bin" / "python"
        run(python, *pip, "install", "-c", CHECKOUT / "constraints.txt", wheel, cwd=folder)
        command = folder / "env" / "bin" / "feedrec"
        run(command, "--version", cwd=folder)
        run(command, "demo", "-o", folder / "demo.jsonl.zst", cwd=folder)
        run(python, "-m", "feedrec", "info", folder / "demo.jsonl.zst", cwd=folder)


if __name__ == "__main__":
    main()
