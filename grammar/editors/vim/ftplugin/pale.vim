" SPDX-License-Identifier: Apache-2.0
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal formatoptions-=t formatoptions+=croql
setlocal iskeyword+=-
" `gf` on what `use` names.
setlocal suffixesadd=.pale
setlocal include=^\\s*use\\s\\+
setlocal expandtab shiftwidth=4 softtabstop=4
if executable('pale')
  setlocal makeprg=pale\ check\ -q\ %:S
  setlocal errorformat=%f:%l:%c:\ %t%*[^:]:\ %m,%-G%.%#
endif

let b:undo_ftplugin = 'setlocal comments< commentstring< formatoptions< iskeyword< suffixesadd< include< expandtab< shiftwidth< softtabstop< makeprg< errorformat<'
