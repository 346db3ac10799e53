# SPDX-License-Identifier: Apache-2.0
# A client that others wrote: Neovim's own. Diagnostics, hover, completion and definition arrive where a user sees them.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	cd "$BATS_TEST_TMPDIR" || return 1
	export HOME=$PWD XDG_CONFIG_HOME=$PWD XDG_STATE_HOME=$PWD XDG_DATA_HOME=$PWD
	printf 'let data = /srv\nprofile a {\n    allow raed $data/x\n    allow read /é𝄞$data\n}\n' >a.pale
	# Waits for what CONDITION says, prints RESULT. Both are Lua, and may use client and buffer.
	cat >session.lua <<'END'
buffer = vim.api.nvim_get_current_buf()
local id = vim.lsp.start_client({ name = 'pale', cmd = { os.getenv('PALE'), 'lsp' }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(buffer, id)
local function wait(what, condition)
	if not vim.wait(20000, condition, 20) then
		io.stdout:write('no ' .. what .. '\n')
		vim.cmd('cquit')
	end
end
function diagnostics()
	wait('diagnostics', function() return #vim.diagnostic.get(buffer) > 0 end)
	return vim.diagnostic.get(buffer)
end
function ask(method, line, character)
	local params = { textDocument = vim.lsp.util.make_text_document_params(buffer),
		position = { line = line, character = character } }
	local answers = vim.lsp.buf_request_sync(buffer, 'textDocument/' .. method, params, 20000)
	return answers and answers[id] and answers[id].result
end
function say(...) io.stdout:write(table.concat({ ... }, ' ') .. '\n') end
diagnostics()
local right, why = pcall(dofile, 'script.lua')
if not right then
	say(why)
	vim.cmd('cquit')
end
-- Neovim asks for the shutdown and waits for it.
vim.lsp.stop_client(id)
wait('end of the server', function() return vim.lsp.client_is_stopped(id) end)
vim.cmd('qall!')
END
}

client() {
	cat >script.lua
	run -0 env PALE="$build/pale" timeout 60 nvim --headless --clean -n -c 'luafile session.lua' a.pale
	# On a headless Neovim messages go where output goes, too.
	output=$(tr -d '\r' <<<"$output")
}

@test "Neovim shows what is wrong, where it is" {
	client <<-'END'
		for _, d in ipairs(diagnostics()) do say(d.lnum, d.col, d.end_col, d.source, (d.message:gsub('\n', '|'))) end
	END
	[[ $output == *"2 10 14 pale unknown operation 'raed'|hint: did you mean 'read'?"* ]]
}

@test "Neovim gets what it asks for, in the columns that it counts" {
	client <<-'END'
		-- Of the last name in its line: before it a character of two units.
		say('hover', (ask('hover', 3, 19).contents.value:match('[^\n]*')))
		say('definition', ask('definition', 3, 19).range.start.line)
		for _, item in ipairs(ask('completion', 3, 10)) do say('item', item.label) end
		say('symbol', ask('documentSymbol', 0, 0)[2].name)
	END
	[[ $output == *'hover variable `$data`: `/srv`, declared at '*/a.pale:1* ]]
	[[ $output == *"definition 0"* ]]
	[[ $output == *"item read"*"item connect"* ]]
	[[ $output == *"symbol a"* ]]
}

@test "Neovim's changes are followed" {
	client <<-'END'
		vim.api.nvim_buf_set_lines(buffer, 2, 3, false, { '    allow read $data/x' })
		assert(vim.wait(20000, function() return #vim.diagnostic.get(0) == 0 end, 20))
		say('right now')
	END
	[[ $output == *"right now"* ]]
}
