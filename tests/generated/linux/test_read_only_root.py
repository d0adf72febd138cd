"""An installed project where nothing can be written but /tmp and its state: as in its container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgegen import api

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"
NAME = "sealed"

# What runs in there: everything that the service and its user do.
SCENARIO = """\
import json, os, pathlib, signal, subprocess, sys, urllib.request

main = "import sys; from sealed_runtime.cli import main; sys.exit(main())"
program = [sys.executable, "-c", main]

def run(*arguments):
    done = subprocess.run([*program, *arguments], capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]

found = {"uid": os.getuid(), "writable": []}
for folder in sys.argv[1:]:
    try:
        pathlib.Path(folder, "probe").write_text("x")
        found["writable"].append(folder)
    except OSError:
        pass
found["capabilities"] = [
    line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")
]
found["selftest"] = run("selftest")
found["run"] = run("run", "--source", "synthetic", "--count", "3")
found["apply"] = run("update-model", "--settings", "/tmp/settings.toml", "apply", "/tmp/bundle")
found["status"] = run("update-model", "status", "--json")

server = subprocess.Popen(
    [*program, "serve", "--http-port", "0", "--print-ports"], stdout=subprocess.PIPE, text=True
)
port = json.loads(server.stdout.readline())["http"]
address = f"http://127.0.0.1:{port}"
tensor = {"content-type": "application/octet-stream"}
request = urllib.request.Request(f"{address}/predict", bytes(64), tensor)
found["predict"] = len(urllib.request.urlopen(request).read())
found["healthz"] = urllib.request.urlopen(f"{address}/healthz").status
found["info"] = json.load(urllib.request.urlopen(f"{address}/info"))
server.send_signal(signal.SIGTERM)
found["served"] = server.wait(60)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as pip installs it, and a signed update beside it."""
    folder = tmp_path_factory.mktemp("sealed")
    project = folder / "project"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        project,
        engines=("litert",),
        serve=("http",),
        name=NAME,
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", str(folder / "site"), str(project)],
        check=True,
    )
    key = api.make_key(folder / "key")
    api.bundle(project, [key.private_file], 2, folder / "bundle")
    (folder / "settings.toml").write_text('[update]\npublic_keys = "key.pub"\n')
    return folder


def sealed(folder: Path, *command: str) -> Sequence[str]:
    """A command in a system that cannot be written to, as nobody in particular, without network.

    bubblewrap needs neither root nor a daemon. Python's own folders are bound again because they
    may lie below /tmp, which is new and empty in there.
    """
    readable = {sys.prefix: sys.prefix, sys.base_prefix: sys.base_prefix}
    readable |= {str(folder / name): f"/tmp/{name}" for name in ("site", "bundle", "key.pub")}
    readable |= {str(folder / "settings.toml"): "/tmp/settings.toml"}
    binds = [word for pair in readable.items() for word in ("--ro-bind", *pair)]
    (folder / "state").mkdir(exist_ok=True)
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", "65532", "--gid", "65532", "--clearenv"),
        *("--setenv", "PATH", "/usr/bin:/bin", "--setenv", "PYTHONPATH", "/tmp/site"),
        *("--setenv", "STATE_DIRECTORY", "/tmp/state"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),
        *binds,
        *("--bind", str(folder / "state"), "/tmp/state"),
        *("--chdir", "/", "--", *command),
    ]


@pytest.mark.sandbox
def test_a_project_works_on_a_read_only_root(site: Path) -> None:
    probed = ["/", "/etc", "/usr", "/var/lib", "/tmp/site", "/tmp", "/tmp/state"]
    command = sealed(site, sys.executable, "-c", SCENARIO, *probed)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["uid"] == 65532
    assert found["capabilities"] == ["0000000000000000"]
    assert found["writable"] == ["/tmp", "/tmp/state"]
    assert found["selftest"][0] == 0, found["selftest"]
    assert found["selftest"][1].endswith("PASSED\n")
    assert found["run"][0] == 0, found["run"]
    assert len(found["run"][1].splitlines()) == 3
    assert found["apply"][0] == 0, found["apply"]
    assert json.loads(found["status"][1])["running"] == 2
    assert found["predict"] == 10  # one byte for each class
    assert found["healthz"] == 200
    assert found["info"]["name"] == NAME
    assert found["served"] == 0
    # The server was ready with it, so it is no longer on trial.
    state = json.loads((site / "state/state.json").read_bytes())
    assert (state["trial"], [each["number"] for each in state["proven"]]) == (None, [2])


def test_no_memory_is_both_written_and_executed(site: Path) -> None:
    """What MemoryDenyWriteExecute=yes of the unit asks for, by the kernel's own switch."""
    set_mdwe, refuse_exec_gain = 65, 1  # PR_SET_MDWE, linux/prctl.h of 6.3 and later
    program = (
        "import ctypes, sys\n"
        f"if ctypes.CDLL(None).prctl({set_mdwe}, {refuse_exec_gain}, 0, 0, 0): sys.exit(99)\n"
        "from sealed_runtime.cli import main\n"
        "sys.exit(main(['selftest']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(site / "site")},
    )
    if done.returncode == 99:
        pytest.skip(f"this kernel has no PR_SET_MDWE ({os.uname().release})")
    assert done.returncode == 0, done.stdout + done.stderr
