"""The supervisor: restarts what ends, stops everything, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import lifeline
from bot.supervisor import Program, read_procfile, run_once, shell_command
from tests.bot.watching import runs, within

ROOT = Path(__file__).resolve().parents[2]

STEADY = """\
import os, signal, sys, time
name, folder = sys.argv[1], sys.argv[2]
def leave(*_):
    open(f"{folder}/{name}.stopped", "w").write(str(time.time()))
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
with open(f"{folder}/{name}.starts", "a") as starts:
    starts.write(f"{os.getpid()}\\n")
print(f"{name} is here", flush=True)
time.sleep(600)
"""

STUBBORN = """\
import os, signal, subprocess, sys, time
name, folder = sys.argv[1], sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(f"{folder}/{name}.starts", "a") as starts:
    starts.write(f"{os.getpid()}\\n{child.pid}\\n")
time.sleep(600)
"""


class Stage:
    """A Procfile with steady and stubborn programs, and what they wrote down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "steady.py").write_text(STEADY)
        (folder / "stubborn.py").write_text(STUBBORN)
        self.procfile = folder / "Procfile"

    def write(self, **kinds: str) -> None:
        self.procfile.write_text(
            "".join(
                f"{name}: python {self.folder}/{kind}.py {name} {self.folder}\n"
                for name, kind in kinds.items()
            )
        )

    def pids(self, name: str) -> list[int]:
        path = self.folder / f"{name}.starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def stopped_in_order(self, name: str) -> bool:
        return (self.folder / f"{name}.stopped").exists()

    @contextmanager
    def supervised(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "bot.supervisor", "--procfile", str(self.procfile)]
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_what_is_killed_is_started_again_and_its_output_has_its_name(stage: Stage) -> None:
    stage.write(web="steady", clock="steady")
    with stage.supervised() as supervisor:
        assert within(20, lambda: len(stage.pids("web")) == len(stage.pids("clock")) == 1)
        os.kill(stage.pids("web")[0], signal.SIGKILL)
        assert within(20, lambda: len(stage.pids("web")) == 2)
        assert len(stage.pids("clock")) == 1
        supervisor.terminate()
        output, _ = supervisor.communicate(timeout=20)
    assert "web   | ended by SIGKILL; starting again in 0.5 s" in output
    assert output.count("web   | web is here") == 2
    assert output.count("clock | clock is here") == 1


def test_what_keeps_ending_is_started_less_and_less_often(stage: Stage) -> None:
    stage.procfile.write_text("broken: false\n")
    waits: list[str] = []
    with stage.supervised() as supervisor:
        assert supervisor.stdout is not None
        before = time.monotonic()
        for line in supervisor.stdout:
            waits += re.findall(r"ended with exit code 1; starting again in ([0-9.]+) s", line)
            if len(waits) == 3:
                break
        took = time.monotonic() - before
        supervisor.terminate()
    assert waits == ["0.5", "1", "2"]
    assert took >= 1.5


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_is_handed_on_and_leaves_nothing(stage: Stage, how: signal.Signals) -> None:
    stage.write(web="steady", clock="steady")
    with stage.supervised() as supervisor:
        assert within(20, lambda: len(stage.pids("web") + stage.pids("clock")) == 2)
        supervisor.send_signal(how)
        assert supervisor.wait(timeout=20) == 0
    assert stage.stopped_in_order("web")
    assert stage.stopped_in_order("clock")
    assert not any(runs(pid) for pid in stage.pids("web") + stage.pids("clock"))


def test_the_grace_is_given_and_then_force_is_used(stage: Stage) -> None:
    stage.write(web="steady", deaf="stubborn")
    with stage.supervised("--grace-seconds", "1") as supervisor:
        assert within(20, lambda: len(stage.pids("web") + stage.pids("deaf")) == 3)
        before = time.monotonic()
        supervisor.terminate()
        assert supervisor.wait(timeout=20) == 0
        took = time.monotonic() - before
    assert 0.9 < took < 15
    assert stage.stopped_in_order("web")
    # The stubborn program's own child is of its group, and goes with it.
    assert within(20, lambda: not any(runs(pid) for pid in stage.pids("deaf")))


def test_a_second_signal_shortens_the_grace(stage: Stage) -> None:
    stage.write(deaf="stubborn")
    with stage.supervised("--grace-seconds", "60") as supervisor:
        assert within(20, lambda: len(stage.pids("deaf")) == 2)
        supervisor.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert supervisor.poll() is None
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout=20) == 0
    assert within(20, lambda: not any(runs(pid) for pid in stage.pids("deaf")))


def test_nothing_is_left_when_the_supervisor_is_killed(stage: Stage) -> None:
    stage.write(web="steady", clock="steady")
    with stage.supervised() as supervisor:
        assert within(20, lambda: len(stage.pids("web") + stage.pids("clock")) == 2)
        pids = stage.pids("web") + stage.pids("clock")
        supervisor.kill()
        supervisor.wait()
        assert within(20, lambda: not any(runs(pid) for pid in pids))
    assert stage.stopped_in_order("web")


def test_only_the_processes_named_are_run(stage: Stage) -> None:
    stage.write(release="steady", web="steady", clock="steady")
    with stage.supervised("clock") as supervisor:
        assert within(20, lambda: len(stage.pids("clock")) == 1)
        supervisor.terminate()
        assert supervisor.wait(timeout=20) == 0
    assert stage.pids("web") == stage.pids("release") == []


def test_a_watched_command_ends_with_its_parent_where_the_kernel_does_not_help(
    tmp_path: Path,
) -> None:
    line = [sys.executable, lifeline.__file__, "--watch", "--", sys.executable, "-c"]
    line.append(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    starter = f"import subprocess; subprocess.run({line!r})"
    with subprocess.Popen([sys.executable, "-c", starter]) as parent:
        pid_file = tmp_path / "pid"
        assert within(20, lambda: pid_file.exists() and pid_file.read_text() != "")
        pid = int(pid_file.read_text())
        assert runs(pid)
        parent.kill()
        parent.wait()
        assert within(20, lambda: not runs(pid))


@pytest.mark.parametrize("extra", [[], ["--watch"]])
def test_a_lifeline_ends_as_its_command_does(extra: list[str]) -> None:
    line = [sys.executable, lifeline.__file__, *extra, "--", "/bin/sh", "-c", "exit 7"]
    assert subprocess.run(line, check=False).returncode == 7


def test_a_command_whose_starter_is_gone_already_is_not_run(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    mark = tmp_path / "ran"
    line = lifeline.command_line(["touch", str(mark)], parent=ended.pid)
    assert subprocess.run(line, check=False).returncode != 0
    assert not mark.exists()


def test_a_program_runs_once_with_its_own_environment_beside_ours(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    line = f"""python -c 'import os; open("{answer}", "w").write(os.environ["WORD"])'"""
    program = Program("once", shell_command(line), {"WORD": "hidden"})
    assert run_once(program) == 0
    assert answer.read_text() == "hidden"
    assert "hidden" not in repr(program)
    assert run_once(Program("fails", shell_command("false"))) == 1


def test_a_procfile_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# words\n\nweb: serve --on ${HOST:-127.0.0.1}:80\nclock:tick\n")
    assert read_procfile(path) == {"web": "serve --on ${HOST:-127.0.0.1}:80", "clock": "tick"}


@pytest.mark.parametrize("line", ["web", "web:", "w eb: serve", "web: a\nweb: b"])
def test_a_procfile_that_cannot_be_meant_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text(line)
    with pytest.raises(ValueError, match="Procfile, line"):
        read_procfile(path)
