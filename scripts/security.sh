#!/usr/bin/env bash
# Checks that need tools of their own, each pinned and in an environment of its own: `make security`.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
failed=0
ran() { local name=$1; shift; printf '== %s\n' "$name"; "$@" || { failed=1; printf '%s found something\n' "$name"; }; }

for stage in dev prod; do
  folder=$(python -c "from tests.template.packaging import package; print(package('$stage'))") || exit 1
  ran "checkov, $stage" uvx --quiet checkov@3.3.30 --config-file .checkov.yml \
    --file "$folder/cloudformation-template-update-stack.json"
done
# B608: ruff's S608 asks the same, and each place is reviewed where it stands. B102: fraud/trees.py compiles the model's trees,
# from a file of the package.
ran bandit uvx --quiet bandit@1.9.4 --quiet --recursive --severity-level medium --skip B608,B102 \
  handlers shared glue fraud client local dashboard scripts
# These two ask a database of vulnerabilities: without a network they say so, and that is no finding.
online() { python -c "import socket; socket.create_connection(('$1', 443), 3)" 2>/dev/null; }
if online osv.dev; then
  ran pip-audit uvx --quiet pip-audit@2.10.1 --require-hashes --disable-pip -r requirements.lock
else
  echo "== pip-audit: not run, osv.dev cannot be reached"
fi
# A registry may be reached and have no such database: that is no finding either.
if report=$(npm audit --audit-level=high 2>&1); then
  echo "== npm audit: nothing"
elif grep -q "endpoint returned an error\|ENOTFOUND\|ECONNREFUSED\|ENOAUDIT" <<<"$report"; then
  echo "== npm audit: not run, the registry has no advisories or cannot be reached"
else
  printf '== npm audit\n%s\n' "$report"
  failed=1
fi
exit $failed
