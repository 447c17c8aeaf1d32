if exists("b:current_syntax")
  finish
endif

syntax include @pipeShell syntax/sh.vim
unlet! b:current_syntax
syntax include @pipePython syntax/python.vim
unlet! b:current_syntax

syntax case match

" Keywords are words only where an item can start.
syntax match pipeDeclaration "^\s*\%(use\|settings\|profile\|let\|defaults\|type\|native\|op\|pipeline\|target\|policy\|test\|stack\)\>\ze\%(\s*[=.(:]\)\@!"
syntax match pipeDeclaration "\%(=\s*\)\@10<=op\>\ze\s*{"
syntax match pipeDeclaration "\<native\s\+\zsop\>"
syntax match pipeItem "\%(^\s*\|[{;]\s*\)\zs\%(after\|allow_failure\|approve\|cached\|capabilities\|cpu\|env\|exec\|finally\|for\|grace\|idempotent\|image\|inherit\|inputs\|keep\|let\|lock\|memory\|mount\|needs\|network\|pids\|pool\|require\|retry\|return\|run\|service\|success_codes\|target\|timeout\|user\|when\|workdir\)\>\ze\%(\s*[=.(:,]\)\@!"
syntax match pipeItem "\%(^\s*\|[{;]\s*\)\zs\%(on\s\+failure\|in\s\+place\)\>"
syntax match pipeClause "\s\zs\%(as\|backoff\|else\|every\|exec\|for\|from\|latest\|max\|on\s\+failure\|reject\|vary\|when\|where\)\>\ze\%(\s*[=.(:,]\)\@!"

syntax keyword pipeType string int float bool duration size timestamp url path file dir image TestReport contained
syntax match pipeTypePlace "\%(:\|->\||\|\[\|\<secret\|\<untrusted\)\@12<=\s*\%(secret\|untrusted\)\@!\h\w*\ze\%(\s*[.(:]\)\@!" contains=pipeType
syntax match pipeLabel "\<\%(secret\|untrusted\)\ze\s\+[[:alnum:]_[{(\"']"
syntax keyword pipeBoolean true false
syntax keyword pipeOperatorWord in
syntax match pipeGlobal "\.\@<!\<\%(settings\|git\|run\|ci\|self\)\ze\."
syntax keyword pipeGlobal self

syntax match pipeNumber "\<\%(0x\x\+\|\d\+\%(\.\d\+\)\?\%([eE][-+]\?\d\+\)\?\)\>"
syntax match pipeDuration "\<\%(\d\+\%(\.\d\+\)\?\%(ns\|us\|ms\|d\|h\|m\|s\)\)\+\>"
syntax match pipeSize "\<\d\+\%(\.\d\+\)\?\%([kKMGT]\?B\|[KMGT]iB\)\>"
syntax match pipeOperator "->\|&&\|||\|[=!<>]=\|[-+*/%<>!?|=]"
syntax match pipeCall "\<\h\w*\ze("

syntax match pipeEscape "\\\%([abfnrtv\\'\"`?]\|[xX]\x\{2}\|u\x\{4}\|U\x\{8}\|[0-3]\o\{2}\)" contained
syntax match pipeEscape "\$\${" contained
syntax region pipeHole matchgroup=pipeDelimiter start="\${" end="}" contained contains=pipeBraces,pipeString,pipeRaw,pipeNumber,pipeDuration,pipeSize,pipeBoolean,pipeOperator,pipeGlobal,pipeCall
syntax region pipeBraces start="{" end="}" contained contains=pipeBraces,pipeString,pipeRaw,pipeNumber,pipeGlobal,pipeCall
syntax region pipeString start=+"+ end=+"\|$+ contains=pipeEscape,pipeHole
syntax region pipeString start=+'+ end=+'\|$+ contains=pipeEscape,pipeHole
syntax region pipeString start=+"""+ end=+"""+ contains=pipeEscape,pipeHole
syntax region pipeString start=+'''+ end=+'''+ contains=pipeEscape,pipeHole
syntax region pipeRaw start=+\<[rR]"+ end=+"\|$+
syntax region pipeRaw start=+\<[rR]'+ end=+'\|$+
syntax region pipeRaw start=+\<[rR]"""+ end=+"""+
syntax region pipeRaw start=+\<[rR]'''+ end=+'''+

syntax region pipeSpan matchgroup=pipeDelimiter start="\.\@<!`\%(``\)\@!" end="`\|$" contains=@pipeShell keepend oneline
syntax region pipeFence matchgroup=pipeDelimiter start="\z(`\{3,}\)\s*[[:alnum:]_.+-]*\s*$" end="^\s*\z1`*\ze\%(\s*$\|\s*when[ \t(]\|\s*on\s\+failure\%(\s\|$\)\)" keepend
syntax region pipeFence matchgroup=pipeDelimiter start="\z(`\{3,}\)\s*\%(sh\|bash\|zsh\|dash\)\?\s*$" end="^\s*\z1`*\ze\%(\s*$\|\s*when[ \t(]\|\s*on\s\+failure\%(\s\|$\)\)" contains=@pipeShell keepend
syntax region pipeFence matchgroup=pipeDelimiter start="\z(`\{3,}\)\s*python3\?\s*$" end="^\s*\z1`*\ze\%(\s*$\|\s*when[ \t(]\|\s*on\s\+failure\%(\s\|$\)\)" contains=@pipePython keepend

syntax keyword pipeTodo TODO FIXME XXX NOTE contained
syntax match pipeComment "//.*$" contains=pipeTodo,@Spell
syntax match pipeDoc "///\%(/\)\@!.*$" contains=@Spell

highlight default link pipeDeclaration Keyword
highlight default link pipeItem Statement
highlight default link pipeClause Statement
highlight default link pipeType Type
highlight default link pipeLabel StorageClass
highlight default link pipeBoolean Boolean
highlight default link pipeOperatorWord Operator
highlight default link pipeOperator Operator
highlight default link pipeGlobal Identifier
highlight default link pipeNumber Number
highlight default link pipeDuration Number
highlight default link pipeSize Number
highlight default link pipeCall Function
highlight default link pipeEscape SpecialChar
highlight default link pipeDelimiter Delimiter
highlight default link pipeString String
highlight default link pipeRaw String
highlight default link pipeComment Comment
highlight default link pipeDoc SpecialComment
highlight default link pipeTodo Todo

syntax sync minlines=200
let b:current_syntax = "pipe"
