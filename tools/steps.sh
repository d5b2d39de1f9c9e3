# A small runner of test steps, sourced by test.sh.
#
#   step NAME NEED FUNCTION        NEED is a function that says whether FUNCTION can run
#   on_demand NAME NEED FUNCTION   the same, but only when asked for by name
#   run_steps [NAME…]              runs them in order and prints the summary
#
# A NEED that fails sets $why and $how.

logs=$root/.cache/logs
names=() needs=() functions=() demanded=()
why="" how=""

step() { names+=("$1") needs+=("$2") functions+=("$3") demanded+=(false); }
on_demand() { names+=("$1") needs+=("$2") functions+=("$3") demanded+=(true); }

# need COMMAND HOW: COMMAND must be there.
need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  why="$1 is not installed"
  how="$2, then: make test ONLY=$current"
  return 1
}

# need_package COMMAND PACKAGE: COMMAND must be there; as root on Debian its
# package is installed.
need_package() {
  command -v "$1" >/dev/null 2>&1 && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "  installing the Debian package $2"
    {
      [ -e "$logs/apt-updated" ] || { apt-get update && touch "$logs/apt-updated"; }
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"
    } >>"$logs/apt.log" 2>&1 </dev/null
    command -v "$1" >/dev/null 2>&1 && return 0
    why="the Debian package $2 could not be installed ($logs/apt.log)"
  else
    why="$1 is not installed, and only root can install it"
  fi
  how="apt-get install $2, then: make test ONLY=$current"
  return 1
}

node_is_new_enough() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

run_steps() {
  local i asked passed=0 failed=0 skipped=0 summary=() flaky=() broken=()
  if [ "${1:-}" = --list ]; then
    printf '%s\n' "${names[@]}"
    return 0
  fi
  for asked in "$@"; do
    [[ " ${names[*]} " == *" $asked "* ]] || { echo "test.sh: no step is called $asked; there are: ${names[*]}" >&2; return 2; }
  done
  mkdir -p "$logs"
  rm -f "$logs/apt-updated" "$logs/apt.log"
  for i in "${!names[@]}"; do
    current=${names[$i]}
    if [ $# -gt 0 ]; then
      [[ " $* " == *" $current "* ]] || continue
    elif ${demanded[$i]}; then
      continue
    fi
    run_step "$i"
  done
  echo
  printf '%s\n' "${summary[@]}"
  echo
  [ ${#flaky[@]} = 0 ] || printf '%s\n' "${flaky[@]}"
  echo "$passed passed, $failed failed, $skipped skipped"
  # Last, since of a long output often only the end is kept.
  for i in ${broken[@]+"${broken[@]}"}; do digest "$i"; done
  [ "$failed" = 0 ]
}

# run_step runs one step; it counts in the variables of run_steps.
run_step() {
  local name=${names[$1]} log=$logs/${names[$1]}.log start=$SECONDS took line
  printf '%-14s ' "$name"
  if ! ${needs[$1]}; then
    skipped=$((skipped + 1))
    echo "skipped: $why"
    summary+=("SKIPPED $name: $why. To run it: $how")
    return
  fi
  if ${functions[$1]} >"$log" 2>&1 </dev/null; then
    took=$((SECONDS - start))
    passed=$((passed + 1))
    while IFS= read -r line; do flaky+=("$line"); done < <(grep '^FLAKY ' "$log")
    echo "passed  ${took} s"
    summary+=("PASSED  $name (${took} s)")
    return
  fi
  took=$((SECONDS - start))
  failed=$((failed + 1))
  broken+=("$name")
  echo "FAILED  ${took} s"
  summary+=("FAILED  $name (${took} s): ${log#"$root/"}")
  sed 's/^/    /' "$log" | grep -vE '^ +ok  +\S|no test files' | tail -n 60
}

# digest says in a few lines what of a step failed, from its log. Of go test -v it says what
# the tests that failed wrote: those that passed write much that looks like an error.
digest() {
  local found
  echo
  echo "$1 failed:"
  found=$(awk '
      /^=== (RUN|NAME|CONT) / { test = $3; next }
      /^=== / { next }
      /^ *--- (PASS|SKIP): / { if ($3 == test) test = ""; next }
      /^ *--- FAIL: / { print NR ": " $0; printf "%s", kept[$3]; kept[$3] = ""; test = ""; next }
      /^(panic:|FAIL)/ { print NR ": " $0; next }
      /error: [|>]-/ { more = 3; next }
      more > 0 || /^ *not ok|error:|Error:|_test\.go:[0-9]|\.go:[0-9]+:[0-9]+:/ {
        if (!seen[test, $0]++) {
          line = NR ": " substr($0, 1, 300)
          if (test == "") print line; else kept[test] = kept[test] line "\n"
        }
      }
      { more-- }
      END { if (test != "") printf "%s", kept[test] }' "$logs/$1.log" | head -n 25)
  [ -n "$found" ] || found=$(tail -n 8 "$logs/$1.log" | cut -c1-200)
  sed 's/^/    /' <<<"$found"
}
