# Sourced by the scripts beside it: prepares .venv with the locked dependencies, at once when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=.gatepost/tools

fail() {
    echo "error: $*" >&2
    exit 1
}

# Prints a script's own leading comment when it is asked for help.
help() {
    case ${1:-} in -h | --help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    esac
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$name
            return
        fi
    done
    fail "Python 3.11 or newer was not found: install it, or name one: PYTHON=/path/to/python3 $0"
}

find_uv() {
    local candidate
    for candidate in uv "$tools/bin/uv" "$tools/packages/bin/uv"; do
        if "$candidate" --version >/dev/null 2>&1; then
            uv=$candidate
            return
        fi
    done
    install_uv
}

install_uv() {
    local log=.gatepost/tools.log
    mkdir -p "$tools"
    if "$python" -m venv "$tools" >"$log" 2>&1 && "$tools/bin/pip" install --quiet uv >>"$log" 2>&1; then
        uv=$tools/bin/uv
    elif "$python" -m pip install --quiet --target "$tools/packages" uv >>"$log" 2>&1; then
        uv=$tools/packages/bin/uv
    else
        cat "$log" >&2
        fail "uv could not be installed with $python: install its venv and pip (Debian: apt install python3-venv)," \
            "or uv itself, then run $0 again"
    fi
}

prepare() {
    local stamp=.venv/.gatepost-locked wanted
    wanted=$(cksum uv.lock pyproject.toml)
    if [ -x .venv/bin/gatepost ] && [ -r "$stamp" ] && [ "$(<"$stamp")" = "$wanted" ]; then return; fi
    echo "preparing .venv with the locked dependencies …" >&2
    find_python
    find_uv
    env -u VIRTUAL_ENV -u UV_PROJECT_ENVIRONMENT UV_PYTHON_DOWNLOADS=never \
        "$uv" sync --quiet --locked --python "$(command -v "$python")" ||
        fail "the locked dependencies could not be installed: see above, then run $0 again"
    echo "$wanted" >"$stamp"
}

help "$@"
prepare
