" Prints which group each run of bytes of the file is in, as "LINE:FROM-TO GROUP TEXT".
set nomore
let s:out = []
for s:line in range(1, line('$'))
  let s:text = getline(s:line)
  let s:from = 1
  while s:from <= len(s:text)
    let s:group = synIDattr(synID(s:line, s:from, 1), 'name')
    let s:to = s:from
    while s:to < len(s:text) && synIDattr(synID(s:line, s:to + 1, 1), 'name') ==# s:group
      let s:to += 1
    endwhile
    if s:group !=# ''
      call add(s:out, printf('%d:%d-%d %s %s', s:line, s:from, s:to, s:group, s:text[s:from - 1 : s:to - 1]))
    endif
    let s:from = s:to + 1
  endwhile
endfor
call writefile(s:out, $RUNS)
qall!
