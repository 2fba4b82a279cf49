"""Finding Python 3.10, which Rasa needs."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app.setup.step import Programs, StepFailed

WHAT_TO_INSTALL = "Rasa needs Python 3.10: install it (or uv), or name one with RASA_PYTHON=/path/to/python3.10"
_QUESTION = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"


def is_python_310(program: str | Path) -> bool:
    """Whether it really runs as Python 3.10 and can make environments. A shim on the PATH may exist and fail."""
    try:
        answer = subprocess.run(
            [program, "-c", _QUESTION],
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == "3.10"


def find(environ: Mapping[str, str]) -> str | None:
    """The first Python 3.10 that runs: ``RASA_PYTHON``, the PATH, pyenv. StepFailed where the named one does not."""
    named = environ.get("RASA_PYTHON")
    if named:
        if not is_python_310(named):
            raise StepFailed(f"RASA_PYTHON={named} does not run as Python 3.10")
        return named
    return next((str(program) for program in _candidates(environ) if is_python_310(program)), None)


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in environ.get("PATH", "").split(os.pathsep):
        program = Path(folder or ".", "python3.10")
        if os.access(program, os.X_OK):
            yield program
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob("3.10*/bin/python3.10"), reverse=True)


def bring(programs: Programs, tools: Path, pins: Path, python: str, tell: Callable[[str], None], log: Path) -> str:
    """Let ``uv`` bring one into the folder ``tools``; ``uv`` itself comes from the PATH or from its wheel."""
    uv = shutil.which("uv")
    try:
        if uv is None:
            tell("fetching uv")
            home = tools / "uv"
            programs.run([python, "-m", "venv", "--clear", home], log, cwd=tools)
            programs.run([home / "bin" / "python", "-m", "pip", "install", "-q", "-r", pins], log, cwd=tools)
            uv = str(home / "bin" / "uv")
        tell("fetching Python 3.10")
        folder = tools / "pythons"
        programs.run([uv, "python", "install", "3.10"], log, cwd=tools, env={"UV_PYTHON_INSTALL_DIR": str(folder)})
    except (StepFailed, OSError) as error:
        raise StepFailed(f"uv could not bring Python 3.10 ({error})") from error
    found = next((path for path in sorted(folder.glob("*/bin/python3.10")) if is_python_310(path)), None)
    if found is None:
        raise StepFailed("uv brought no Python 3.10 that runs")
    return str(found)
