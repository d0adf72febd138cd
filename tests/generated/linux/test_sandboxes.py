"""An installed project, locked in: on a read-only root, and as a service of the real systemd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
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


# The real systemd starts the generated unit, in a container of its own; what it says goes to /out.
PROBE = """\
#!/bin/sh
exec > /out/log 2>&1
show() { systemctl show sealed --value -p "$1"; }
sealed() { /opt/sealed/sealed "$@"; }
systemctl start sealed; echo "start $?"
echo "state $(show ActiveState) $(show SubState) $(show NRestarts)"
grep -E "^(CapBnd|NoNewPrivs|Seccomp):" "/proc/$(show MainPID)/status" | tr -s "\\t" " "
echo "users $(stat -c %u "/proc/$(show MainPID)") $(stat -c %u /var/lib/private/sealed)"
sealed update-model --settings /opt/sealed/settings.toml apply /opt/sealed/bundle; echo "apply $?"
echo "owners" $(find /var/lib/private/sealed -printf "%U\\n" | sort -u)
systemctl restart sealed; echo "restart $?"
sealed update-model status --json > /out/status.json
inside() { nsenter -t "$(show MainPID)" -m "$@" 2> /dev/null; echo $?; }
echo "model $(inside touch /var/lib/private/sealed/versions/2/model.tflite)"
echo "versions $(inside touch /var/lib/private/sealed/versions/3)"
echo "folder $(inside touch /var/lib/private/sealed/probe) $(inside touch /etc/probe)"
echo "cache $(inside touch /var/cache/private/sealed/probe)" \
    "$(tr "\\0" "\\n" < "/proc/$(show MainPID)/environ" | grep ^CACHE_DIRECTORY=)"
systemctl kill -s KILL sealed
tries=0
until [ "$(show NRestarts) $(show ActiveState)" = "1 active" ] || [ $tries -gt 300 ]; do
    sleep 0.1; tries=$((tries + 1))
done
echo "revived $(show NRestarts) $(show ActiveState)"
systemctl stop sealed; echo "stop $?"
echo "end $(show ActiveState) $(show Result)"
journalctl -u sealed --no-pager -o cat > /out/journal
echo "done"
systemctl poweroff --force --force
"""

LAUNCHER = """\
#!/bin/sh
export PYTHONPATH=/opt/sealed/site:/opt/packages PYTHONDONTWRITEBYTECODE=1
exec {python} -c 'import sys; from sealed_runtime.cli import main; sys.exit(main())' "$@"
"""


@pytest.mark.nspawn
def test_systemd_runs_the_unit(site: Path) -> None:
    """DynamicUser, seccomp and all; an update applied by root; killed, restarted and stopped."""
    if os.geteuid() != 0:
        pytest.skip("only root can boot a container")
    place, out = site / "service", site / "out"
    place.mkdir()
    out.mkdir()
    for name in ("bundle", "key.pub", "settings.toml"):
        shutil.copy(site / name, place)
    shutil.copytree(site / "site", place / "site")
    # Python may lie in a home folder, which the unit does not let its service see.
    own = sys.base_prefix != "/usr"
    python = sys.executable
    if own:
        python = "env PYTHONHOME=/opt/python LD_LIBRARY_PATH=/opt/python/lib /opt/python/bin/python"
        python += f"{sys.version_info.major}.{sys.version_info.minor}"
    _script(place / "sealed", LAUNCHER.format(python=python))
    _script(place / "probe.sh", PROBE)
    (place / "here.conf").write_text(
        "[Service]\nExecStart=\nExecStart=/opt/sealed/sealed serve --http-port 0\n"
    )
    (place / "probe.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/opt/sealed/probe.sh\n"
    )
    units = "/etc/systemd/system"
    binds = {
        place: "/opt/sealed",
        sysconfig.get_path("purelib"): "/opt/packages",
        site / f"project/edgegen/system/{NAME}.service": f"{units}/{NAME}.service",
        place / "here.conf": f"{units}/{NAME}.service.d/here.conf",
        place / "probe.service": f"{units}/probe.service",
    } | ({sys.base_prefix: "/opt/python"} if own else {})
    command = [
        *("systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--boot"),
        *("--quiet", "--directory=/", "--volatile=yes", "--console=pipe"),
        *(f"--machine=sealed-{os.getpid()}", f"--bind={out}:/out"),
        *(f"--bind-ro={source}:{target}" for source, target in binds.items()),
        *("systemd.unit=probe.service", "systemd.firstboot=off"),
        "systemd.mask=systemd-firstboot.service",
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=200
    )
    if not (out / "log").exists():
        sys.stderr.write(done.stdout + done.stderr)
        pytest.skip("the kernel or its control groups let no container boot here")
    log = (out / "log").read_text()
    said = dict(line.split(" ", 1) for line in log.splitlines() if " " in line)
    assert "done" in log.splitlines(), log
    assert (said["start"], said["state"]) == ("0", "active running 0"), log
    assert said["CapBnd:"] == "0000000000000000"
    assert (said["NoNewPrivs:"], said["Seccomp:"]) == ("1", "2")
    user, owner = said["users"].split()
    assert user == owner != "0"
    assert (said["apply"], said["owners"]) == ("0", user), log
    assert said["restart"] == "0"
    status = json.loads((out / "status.json").read_bytes())
    assert (status["running"], status["on_trial"]) == (2, False)
    # As root in there: what is refused is refused by the mounts, not by who one is.
    assert (said["model"], said["versions"], said["folder"]) == ("1", "1", "0 1")
    assert said["cache"] == "0 CACHE_DIRECTORY=/var/cache/sealed"
    assert said["revived"] == "1 active"
    assert (said["stop"], said["end"]) == ("0", "inactive success")
    assert "Version 2 is confirmed." in (out / "journal").read_text()


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
