#!/usr/bin/env bash
# Says in one line each whether what the build needs is there, and how to mend
# what is not. Exits 1 when something is missing.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
need_go=1.26
missing=0

ok() { printf '  ok       %s\n' "$1"; }
bad() { printf '  MISSING  %s\n           %s\n' "$1" "$2"; missing=1; }

# With an older Go (1.21 or later), go.mod makes the go command fetch the right one.
if ! command -v go >/dev/null 2>&1; then
  bad "Go $need_go or later" "Install it from go.dev/dl, and put its bin folder on PATH."
elif ! version=$(go env GOVERSION 2>&1); then
  bad "Go $need_go or later" "The installed one said: $(tail -n 1 <<<"$version")"
else
  number=${version#go}
  if [ "$(printf '%s\n%s\n' "$need_go" "${number%%[-rb]*}" | sort -V | head -n 1)" = "$need_go" ]; then
    ok "Go ${number}"
  else
    bad "Go $need_go or later (there is $number)" "Install it from go.dev/dl, or unset GOTOOLCHAIN so that Go fetches it."
  fi
fi

# DuckDB comes as a C++ library that is linked in: a compiler alone is not enough.
compiler=${CC:-$(go env CC 2>/dev/null || echo cc)}
compiler=${compiler%% *}
trial=$root/.cache/tmp/trial
mkdir -p "$(dirname "$trial")" || exit 1
how="Debian, Ubuntu: apt-get install g++ · Fedora: dnf install gcc-c++ · macOS: xcode-select --install"
cxx_library=-lstdc++
[ "$(uname -s)" = Darwin ] && cxx_library=-lc++
if ! command -v "$compiler" >/dev/null 2>&1; then
  bad "a C compiler (DuckDB is linked in by cgo)" "$how"
elif ! echo 'int main(void) { return 0; }' | "$compiler" -x c - -x none "$cxx_library" -lm -o "$trial" 2>/dev/null; then
  bad "the C++ standard library ($compiler is there, but cannot link with $cxx_library)" "$how"
else
  ok "C compiler ($("$compiler" --version | head -n 1))"
fi
rm -f "$trial"

[ "$missing" = 0 ] || { echo "Mend the above and try again."; exit 1; }
