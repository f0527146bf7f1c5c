# shellcheck shell=bash
# What .ci/run and .ci/nightly have in common: steps that are timed, counted and shown. Set `limit` (seconds) before
# the first step. A step counts as one, a test or vector as itself; a step for which no time is left has failed.
set -u
export CI=true NO_COLOR=1 npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
began=$SECONDS
passed=0
failed=0

# begin NAME COMMAND...: runs it with its output in $log; leaves $status, $name and $took
begin() {
  name=$1
  shift
  log=$logs/${name//[^a-z0-9]/-}.log
  local left=$((limit - (SECONDS - began))) from=$SECONDS
  if ((left <= 0)); then
    echo "no time left for it: $limit seconds are over" >"$log"
    status=124
  else
    timeout --kill-after=10 "$left" "$@" </dev/null >"$log" 2>&1
    status=$?
    ((status == 124)) && echo "stopped: $limit seconds are over" >>"$log"
  fi
  took=$((SECONDS - from))
}

# finish PASSED FAILED: counts, and shows the end of the output of what failed: a test that runs SIPp prints its screens
finish() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  if (($2 == 0)); then
    printf 'ok      %-34s %4d s  %s\n' "$name" "$took" "$1 passed"
  else
    printf 'FAILED  %-34s %4d s  %s\n' "$name" "$took" "$1 passed, $2 failed"
    tail -n 400 "$log" | sed 's/^/    /'
  fi
}

# step NAME COMMAND...: one thing that passes or fails
step() {
  begin "$@"
  if ((status == 0)); then finish 1 0; else finish 0 1; fi
}

# sums PASSED FAILED: finishes with these counts, and one failure more when the command failed beside them or
# nothing was counted
sums() {
  local good=${1:-0} bad=${2:-0}
  if ((status != 0 && bad == 0)) || ((good + bad == 0)); then bad=$((bad + 1)); fi
  finish "$good" "$bad"
}

# vitests NAME COMMAND...: a vitest run; its tests are counted
vitests() {
  local report=$logs/vitest-$RANDOM.json
  begin "$@" --reporter=default --reporter=json --outputFile.json="$report"
  # shellcheck disable=SC2046 # two words
  sums $(node -e '
    const { numPassedTests, numFailedTests } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    console.log(numPassedTests, numFailedTests);' "$report" 2>/dev/null)
}

# vectors NAME COMMAND...: a command whose last line is "N passed, N failed"
vectors() {
  begin "$@"
  # shellcheck disable=SC2046 # two words
  sums $(tail -n 1 "$log" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# runlevel 1 keeps the packages from starting their services
packages() {
  as_root apt-get update && as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $(node_modules/.bin/tsx scripts/interop.ts --packages)
}

# on_node MAJOR: another Node comes as an npm package, outside of the repository, whose own node its bin would shadow;
# leaves its folder first in PATH of $other
on_node() {
  local folder=$logs/node$1
  step "Node $1" bash -c "npm install --prefix '$folder' node@$1 && '$folder/node_modules/node/bin/node' --version"
  other=$folder/node_modules/node/bin:$PATH
  ((status == 0))
}

# the_sum: the last line, and the exit code
the_sum() {
  echo "$((SECONDS - began)) seconds"
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

export -f as_root packages
export logs
