# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031 # tests are subshells
# Sourced by the shell tests. A test is a function test_NAME; it fails when a
# command of it fails. run_tests runs them all and writes a report that the
# project's totals count like JUnit's.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pmem4j-test-XXXXXX")
# What a test starts or mounts it adds here: newest first, run at the end whatever happens.
cleanups=()
at_end() { cleanups=("$*" "${cleanups[@]}"); }
finish_tests() {
  local command
  trap '' INT TERM HUP
  for command in "${cleanups[@]}"; do eval "$command" || true; done
  rm -rf --one-file-system "$scratch"
}
trap finish_tests EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Ends a test without a verdict, with the reason.
skip() {
  printf '%s\n' "$*"
  exit 77
}

# expect STATUS COMMAND...: fails unless the command ends with the status; what it printed is in $out.
expect() {
  local wanted=$1 status=0
  shift
  out=$("$@" 2>&1 < /dev/null) || status=$?
  printf '$ %s\n%s\n(exit %d)\n' "$*" "$out" "$status"
  [[ $status -eq $wanted ]] || { printf 'exit %d, expected %d\n' "$status" "$wanted"; return 1; }
}

# Fails unless $out has the text.
shows() { [[ $out == *"$1"* ]] || { printf 'not shown: %s\n' "$1"; return 1; }; }

# Fails when $out has the text.
hides() { [[ $out != *"$1"* ]] || { printf 'shown: %s\n' "$1"; return 1; }; }

# Fails unless the two are the same text.
same() { [[ $1 == "$2" ]] || { printf 'found:    %s\nexpected: %s\n' "$1" "$2"; return 1; }; }

# A text for an attribute of XML.
xml() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/"/\&quot;/g' | tr '\n\t' '  ' | tr -d '\000-\037'; }

# run_tests [NAME...]: all tests of the script, or those named.
run_tests() {
  local suite name log begin status count=0 failed=0 skipped=0 cases='' reports
  suite=shell.$(basename "$0")
  reports=$top/qemu/target/shell-reports
  log=$scratch/log
  [[ $# -gt 0 ]] || mapfile -t names < <(grep -o '^test_[a-z_0-9]*' "$0" | sed 's/^test_//')
  [[ $# -eq 0 ]] || names=("$@")
  for name in "${names[@]}"; do
    begin=$SECONDS
    set +e
    # A subshell inherits no EXIT trap: the cleanups stay with this shell.
    (set -e; "test_$name") > "$log" 2>&1
    status=$?
    set -e
    count=$((count + 1))
    cases+="<testcase classname=\"$suite\" name=\"$name\" time=\"$((SECONDS - begin))\">"
    case $status in
      0) printf 'ok       %-40s %4d s\n' "$name" $((SECONDS - begin)) ;;
      77)
        skipped=$((skipped + 1))
        printf 'skipped  %-40s %s\n' "$name" "$(tail -n 1 "$log")"
        cases+="<skipped message=\"$(tail -n 1 "$log" | xml)\"/>"
        ;;
      *)
        failed=$((failed + 1))
        printf 'FAILED   %-40s %4d s\n' "$name" $((SECONDS - begin))
        sed 's/^/    /' "$log" | tail -n 60
        cases+="<failure message=\"$(tail -n 1 "$log" | xml)\"/>"
        ;;
    esac
    cases+=$'</testcase>\n'
  done
  printf '%s: tests %d, failed %d, skipped %d\n' "$suite" "$count" "$failed" "$skipped"
  if mkdir -p "$reports" 2> /dev/null; then
    printf '<testsuite name="%s" tests="%d" failures="%d" errors="0" skipped="%d">\n%s</testsuite>\n' \
      "$suite" "$count" "$failed" "$skipped" "$cases" > "$reports/TEST-$suite.xml"
  fi
  [[ $failed -eq 0 ]]
}
