if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:///,:// commentstring=//\ %s
setlocal expandtab shiftwidth=2 softtabstop=2
setlocal formatoptions-=t formatoptions+=croql
if executable("pipe")
  setlocal formatprg=pipe\ fmt\ -
  setlocal makeprg=pipe\ check\ %:S errorformat=%Eerror[%*[^]]]:\ %m,%Wwarning[%*[^]]]:\ %m,%C\ %#-->\ %f:%l:%c,%-G%.%#
endif

let b:undo_ftplugin = "setlocal comments< commentstring< expandtab< shiftwidth< softtabstop< formatoptions< formatprg< makeprg< errorformat<"
