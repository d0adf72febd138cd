#!/usr/bin/env bash
# Brings this clone to where `make demo` and `make test` run: system packages, .venv, editable
# install. Run again it changes nothing and takes under a second.
#
#   PYTHON=python3.12 scripts/setup.sh    picks the Python; default: the first that is 3.11 or newer
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.edgegen-installed

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# One line "package" for each system package that is not there yet.
missing_packages() {
    has() { command -v "$1" >/dev/null 2>&1; }
    arm_has() { [[ $(arm-none-eabi-gcc -print-file-name="$1" 2>/dev/null) == /* ]]; }
    local python
    python=$(find_python) || { echo python3; python=python3; }

    has gcc || echo gcc
    has g++ || echo g++
    has make || echo make
    has cmake || echo cmake
    has ninja || echo ninja-build
    has clang || echo clang
    has ld.lld || echo lld
    has node || echo nodejs
    has npm || echo npm
    # Runs web projects.
    has chromium || has google-chrome || echo chromium
    # Packages of generated projects: built, looked at by their distributions' own critics.
    has dpkg-deb || echo dpkg
    has rpmbuild || echo rpm
    has cpio || echo cpio
    has lintian || echo lintian
    has rpmlint || echo rpmlint
    has shellcheck || echo shellcheck
    # Clang's sanitizers and libFuzzer.
    [[ -d $(clang -print-runtime-dir 2>/dev/null) ]] || echo libclang-rt-dev
    has valgrind || echo valgrind
    has qemu-system-arm || echo qemu-system-arm
    has qemu-aarch64 || echo qemu-user
    has aarch64-linux-gnu-gcc || echo gcc-aarch64-linux-gnu
    [[ -d /usr/aarch64-linux-gnu/include ]] || echo libc6-dev-arm64-cross
    has arm-linux-gnueabihf-gcc || echo gcc-arm-linux-gnueabihf
    [[ -d /usr/arm-linux-gnueabihf/include ]] || echo libc6-dev-armhf-cross
    # `edgegen verify` of Linux projects takes Debian's packages for Arm.
    [[ -f /usr/share/keyrings/debian-archive-keyring.gpg ]] || echo debian-archive-keyring
    has systemd-analyze || echo systemd
    has systemd-nspawn || echo systemd-container
    has bwrap || echo bubblewrap
    has arm-none-eabi-gcc || echo gcc-arm-none-eabi
    arm_has libc_nano.a || echo libnewlib-arm-none-eabi
    arm_has libstdc++_nano.a || echo libstdc++-arm-none-eabi-newlib
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    "$python" - <<'PY' 2>/dev/null || echo python3-dev
import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())
PY
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    [[ ${#packages[@]} -eq 0 ]] && return
    if ! command -v apt-get >/dev/null; then
        echo "setup: please install what these Debian packages hold: ${packages[*]}" >&2
        exit 3
    fi
    local sudo=()
    [[ $(id -u) -eq 0 ]] || sudo=(sudo)
    echo "setup: installing ${packages[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

# What an editable install does not follow by itself: metadata and everything compiled.
fingerprint() {
    {
        "$1" -c 'import sys; print(sys.version, sys.executable)'
        find pyproject.toml CMakeLists.txt codegen/bindings runtime_c -type f -not -path '*/tests/*' \
            -print0 | sort -z | xargs -0 sha256sum
        sha256sum codegen/edgegen/__init__.py
    } | sha256sum
}

install_packages
python=$(find_python) || {
    echo "setup: edgegen needs Python 3.11 or newer; name one with PYTHON=..." >&2
    exit 3
}
wanted=$(fingerprint "$python")
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    exit 0
fi
echo "setup: installing edgegen into $venv ($("$python" --version))"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
printf '%s\n' "$wanted" >"$stamp"
