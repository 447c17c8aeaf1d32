//go:build linux

package main

// chaosPipeline is a pipeline whose steps note what they do once: a step of path a/b[2] writes the word
// a_b_2 to $LOG. Words that begin with "again" are of steps that may be done twice.
type chaosPipeline struct {
	name  string
	fails bool // it ends with exit code 1
	text  string
	// done is the word by which the step unsure shows that its attempt succeeded.
	unsure, done string
	// supervised pipelines lose no supervisor: what a person would say of them is not what would have been.
	supervised bool
}

// chaosLines is how many lines a step prints.
const chaosLines = 5

// chaosHead are the ops of all pipelines. An op notes its effect and prints lines before and after.
const chaosHead = `
op act(name: string, give: int = 0) -> int {
  inherit ["LOG"]
  inputs []
  run ` + "```" + `
    echo line 1; echo line 2
    sleep 0.02
    echo "$name" >> "$LOG"
    echo line 3
    sleep 0.02
    echo line 4; echo line 5
    echo "v=$give" >> "$PIPE_OUTPUT"
  ` + "```" + `
  return int(outputs["v"])
}

op bad(name: string) {
  inherit ["LOG"]
  inputs []
  run ` + "`echo \"$name\" >> \"$LOG\"; sleep 0.02; exit 3`" + `
}

`

var chaosPipelines = []chaosPipeline{
	{name: "chain", text: `
pipeline main() -> { v: int } {
  a = act(name: "a", give: 1)
  b = act(name: "b", give: a + 1)
  c = act(name: "c", give: b + 1)
  return { v: c }
}`},
	{name: "wide", text: `
pipeline main() -> { v: int } {
  a = act(name: "a", give: 1)
  b = act(name: "b", give: 2)
  c = act(name: "c", give: 3)
  d = act(name: "d", give: 4)
  e = act(name: "e", give: a + b + c + d)
  return { v: e }
}`},
	{name: "fan-out", text: `
pipeline main() -> { v: int } {
  each = act(name: "each_${string(i)}", give: i * 10) { for i in [0, 1, 2, 3, 4, 5] }
  last = act(name: "last", give: each.sum())
  return { v: last }
}`},
	{name: "fan-out with a limit", text: `
pipeline main() -> { v: int } {
  n = act(name: "n", give: 4)
  each = act(name: "each_${string(i)}", give: i) { for i in lists.range(n) max 1 }
  last = act(name: "last", give: each.sum())
  return { v: last }
}`},
	{name: "one after another", text: `
pipeline main() -> { v: int } {
  a = act(name: "a", give: 1)
  b = act(name: "b", give: 2) { after a }
  c = act(name: "c", give: 3) { needs b }
  d = act(name: "d") { when a > 5 }
  e = act(name: "e", give: d.orValue(7))
  return { v: c + e }
}`},
	{name: "retries", unsure: "flaky", done: "try2", text: `
op flaky() -> int {
  inherit ["LOG"]
  inputs []
  retry 3 every 10ms
  run ` + "```" + `
    n=$(grep -c '^try' "$LOG" || true)
    echo "try$n" >> "$LOG"
    sleep 0.02
    [ "$n" -ge 2 ]
  ` + "```" + `
  return 5
}
pipeline main() -> { v: int } {
  start = act(name: "start", give: 1)
  flaky() { after start }
  done = act(name: "done", give: flaky)
  return { v: done }
}`},
	{name: "retries that do not help", fails: true, supervised: true, text: `
op never() {
  inherit ["LOG"]
  inputs []
  retry 2 every 10ms
  run ` + "```" + `
    n=$(grep -c '^never' "$LOG" || true)
    echo "never$n" >> "$LOG"
    exit 1
  ` + "```" + `
}
pipeline main() {
  a = act(name: "a")
  never() { after a }
  b = act(name: "b") { needs never }
  finally { c = act(name: "c") }
}`},
	{name: "finally", text: `
pipeline main() -> { v: int } {
  a = act(name: "a", give: 4)
  finally {
    x = act(name: "x")
    y = act(name: "y") { after x }
    z = act(name: "z")
  }
  return { v: a }
}`},
	{name: "on failure", fails: true, supervised: true, text: `
pipeline main() {
  a = act(name: "a")
  b = bad(name: "b") { after a }
  c = act(name: "c") { needs b }
  on failure {
    tell = act(name: "tell")
    more = act(name: "more") { after tell }
  }
  finally { clean = act(name: "clean") }
}`},
	{name: "allowed failures", supervised: true, text: `
pipeline main() -> { v: int } {
  a = bad(name: "a") { allow_failure }
  b = act(name: "b", give: 2) { after a }
  c = act(name: "c") { needs a }
  return { v: b }
}`},
	{name: "approval", text: `
pipeline main() -> { v: int } {
  a = act(name: "a", give: 2)
  b = act(name: "b", give: a + 1) { approve "Go on with ${string(a)}?" }
  c = act(name: "c", give: 5)
  return { v: b + c }
}`},
	{name: "approvals of instances", text: `
pipeline main() -> { v: int } {
  each = act(name: "each_${string(i)}", give: i) { for i in [0, 1, 2]; approve "Do ${string(i)}?" when i != 1 }
  finally { clean = act(name: "clean") }
  return { v: each.sum() }
}`},
	{name: "called", text: `
pipeline inner(name: string, n: int) -> int {
  one = act(name: "${name}_one", give: n)
  two = act(name: "${name}_two", give: one + 1)
  finally { three = act(name: "${name}_three") }
  return two
}
pipeline main() -> { v: int } {
  p = inner(name: "p", n: 1)
  q = inner(name: "q", n: p)
  return { v: q }
}`},
	{name: "called under for", text: `
pipeline inner(name: string, n: int) -> int {
  one = act(name: "${name}_one", give: n)
  two = act(name: "${name}_two", give: one + 1)
  finally { three = act(name: "${name}_three") }
  return two
}
pipeline main() -> { v: int } {
  p = inner(name: "p_${string(i)}", n: i) { for i in [0, 1, 2] }
  last = act(name: "last", give: p.sum())
  return { v: last }
}`},
	{name: "cached", text: `
op kept(name: string) -> int {
  inherit ["LOG"]
  inputs ["p.pipe"]
  cached
  run ` + "`echo \"again_$name\" >> \"$LOG\"; sleep 0.02`" + `
  return 6
}
pipeline main() -> { v: int } {
  a = kept(name: "a")
  b = kept(name: "a") { after a }
  c = act(name: "c", give: a + b)
  return { v: c }
}`},
	{name: "idempotent", text: `
op safe(name: string) -> int {
  inherit ["LOG"]
  inputs []
  idempotent
  run ` + "`echo \"again_$name\" >> \"$LOG\"; sleep 0.05`" + `
  return 3
}
pipeline main() -> { v: int } {
  a = safe(name: "a")
  b = safe(name: "b") { after a }
  c = act(name: "c", give: a + b)
  return { v: c }
}`},
	{name: "files", supervised: true, text: `
op write(name: string) -> { f: file, n: int } {
  inherit ["LOG"]
  inputs []
  run ` + "`echo \"$name\" >> \"$LOG\"; echo content > out.txt; sleep 0.02`" + `
  return { f: file("out.txt"), n: 2 }
}
op read(name: string, f: file) -> string {
  inherit ["LOG"]
  inputs []
  run ` + "`echo \"$name\" >> \"$LOG\"; cat \"$f\"`" + `
  return stdout
}
pipeline main() -> { v: string } {
  w = write(name: "w")
  r = read(name: "r", f: w.f)
  return { v: r }
}`},
	{name: "secrets", supervised: true, text: `
settings { token: secret string }
op make(name: string, token: secret string) -> { made: secret string } {
  inherit ["LOG"]
  inputs []
  run ` + "`echo \"$name\" >> \"$LOG\"; echo \"made=x-$token-y\" >> \"$PIPE_OUTPUT\"; sleep 0.02`" + `
  return { made: outputs["made"] }
}
op use(name: string, made: secret string) {
  inherit ["LOG"]
  inputs []
  run ` + "`echo \"$name\" >> \"$LOG\"; [ \"$made\" = x-correct-horse-battery-y ]; echo \"got $made\"`" + `
}
pipeline main() {
  m = make(name: "m", token: settings.token)
  u = use(name: "u", made: m.made)
  v = use(name: "v", made: m.made) { after u }
}`},
	{name: "locks", text: `
pipeline main() -> { v: int } {
  lock "whole"
  a = act(name: "a", give: 1) { lock "one" }
  b = act(name: "b", give: 2) { lock "one" }
  c = act(name: "c", give: a + b)
  return { v: c }
}`},
	{name: "much output", text: `
op loud(name: string) {
  inherit ["LOG"]
  inputs []
  run ` + "```" + `
    echo "$name" >> "$LOG"
    i=0
    while [ $i -lt 400 ]; do i=$((i + 1)); echo "text $i" ; echo "oops $i" >&2; done
    head -c 60000 /dev/zero | tr '\0' x
    sleep 0.02
  ` + "```" + `
}
pipeline main() {
  a = loud(name: "a")
  b = loud(name: "b") { after a }
}`},
}
