// SPDX-License-Identifier: Apache-2.0
// Prints the scope of each run of a file as VS Code's own tokenizer has it: "LINE:FROM-TO SCOPES TEXT".
//
//	node tokens.js MODULES GRAMMAR FILE
'use strict';
const fs = require('fs');
const path = require('path');
const [modules, grammarFile, file] = process.argv.slice(2);
const textmate = require(path.join(modules, 'vscode-textmate'));
const oniguruma = require(path.join(modules, 'vscode-oniguruma'));

async function main() {
	await oniguruma.loadWASM(fs.readFileSync(path.join(modules, 'vscode-oniguruma/release/onig.wasm')).buffer);
	const registry = new textmate.Registry({
		onigLib: Promise.resolve({
			createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
			createOnigString: (s) => new oniguruma.OnigString(s),
		}),
		loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarFile, 'utf8'), grammarFile),
	});
	const grammar = await registry.loadGrammar('source.pale');
	let state = textmate.INITIAL;
	fs.readFileSync(file, 'utf8').split('\n').forEach((line, i) => {
		const result = grammar.tokenizeLine(line, state);
		state = result.ruleStack;
		for (const t of result.tokens) {
			const scopes = t.scopes.slice(1).map((s) => s.replace(/\.pale$/, ''));
			if (scopes.length && line.slice(t.startIndex, t.endIndex).trim())
				console.log(`${i + 1}:${t.startIndex + 1}-${t.endIndex} ${scopes.join(' ')} ${line.slice(t.startIndex, t.endIndex)}`);
		}
	});
}
main().catch((e) => { console.error(e); process.exit(1); });
