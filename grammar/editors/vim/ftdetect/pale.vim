" SPDX-License-Identifier: Apache-2.0
autocmd BufNewFile,BufRead *.pale setfiletype pale
