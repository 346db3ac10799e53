#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# VS Code's tokenizer shows sample.pale as textmate.runs says. Its two modules come from npm once, into the cache. Prints TAP.
#
#	textmate.sh [--accept]	(--accept writes textmate.runs anew: read the difference)
set -u
here=$(dirname "$0")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale/npm
modules=$cache/node_modules
grammar=grammar/editors/vscode/syntaxes/pale.tmLanguage.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

if [ ! -d "$modules/vscode-textmate" ] || [ ! -d "$modules/vscode-oniguruma" ]; then
	mkdir -p "$cache"
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$cache" vscode-textmate@9.0.0 vscode-oniguruma@2.0.1 >&2
	result $? "the tokenizer is there"
fi

node "$here/tokens.js" "$modules" "$grammar" "$here/sample.pale" >"$work/runs" 2>"$work/err"
[ "${1-}" = --accept ] && cp "$work/runs" "$here/textmate.runs"
cmp -s "$work/runs" "$here/textmate.runs"
result $? "VS Code shows the sample so"
diff "$here/textmate.runs" "$work/runs" | head -n 20 | sed 's/^/# /'
sed 's/^/# /' "$work/err" | head -n 5

for f in profiles/*/*.pale; do
	timeout 20 node "$here/tokens.js" "$modules" "$grammar" "$f" >"$work/runs" 2>"$work/err" && [ -s "$work/runs" ] && [ ! -s "$work/err" ]
	result $? "VS Code shows $f"
done

node -e '
const fs = require("fs"), folder = process.argv[1];
const p = JSON.parse(fs.readFileSync(folder + "/package.json"));
JSON.parse(fs.readFileSync(folder + "/" + p.contributes.languages[0].configuration));
JSON.parse(fs.readFileSync(folder + "/" + p.contributes.grammars[0].path));
' grammar/editors/vscode
result $? "what the extension names is there"
echo "1..$n"
