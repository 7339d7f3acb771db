"""What is kept can be taken out as files and set up again elsewhere, by the commands of the program."""

import json
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, Running


def tool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_running_program_is_backed_up_and_restored_elsewhere_with_every_promise(
    server: Running, tmp_path: Path
) -> None:
    token = server.token("kiosk", "k1", hall="tanghe")
    issued = server.post("/api/v1/halls/tanghe/tickets", {"queue": "a"}, token)
    exported = server.command("export", "events", "--data", str(server.data))
    assert exported.returncode == 0, exported.stderr
    assert json.loads(exported.stdout.splitlines()[-1])["position"] >= issued["position"]

    kept, elsewhere = str(tmp_path / "kept"), str(tmp_path / "d")
    made = server.command("backup", kept, "--data", str(server.data))
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["position"] >= issued["position"]
    assert told["secret"] is True

    restored = tool("restore", kept, "--data", elsewhere)
    assert (restored.returncode, json.loads(restored.stdout)) == (0, told), restored.stderr
    checked = tool("check", "--data", elsewhere)
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["events"] == told["events"]
