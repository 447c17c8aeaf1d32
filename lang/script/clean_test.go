package script_test

import (
	"testing"

	"github.com/pipelang/pipe/lang/script"
)

// clean are scripts as pipelines have them, in which nothing is to be found. Those that start
// with "#!bash" are bash.
var clean = []string{
	"go vet ./...",
	"go test -race -count=1 ./...",
	"npm ci && npm test",
	`pytest -m "$marker" --junitxml=report.xml`,
	tenLines,
	"cd web\nnpm ci\nnpm run build\n",
	"(cd web && npm ci && npm run build) || exit 1\n",
	"if ! command -v jq >/dev/null 2>&1; then\n  echo 'jq is missing' >&2\n  exit 1\nfi\n",
	"for f in *.sql; do\n  psql -v ON_ERROR_STOP=1 -f \"$f\"\ndone\n",
	"for i in $(seq 1 30); do\n  if curl -fsS http://localhost:8080/health; then exit 0; fi\n  sleep 1\ndone\nexit 1\n",
	"for i in 1 2 3 4 5; do\n  docker push \"$image\" && break\n  echo \"attempt $i failed\"\n  sleep $((i * 5))\ndone\n",
	"port=8080\npython3 -m http.server $port &\npid=$!\ntrap 'kill $pid' EXIT\ncurl -fsS http://localhost:$port/\n",
	"docker rm -f $(docker ps -aq) || true\n",
	"go test $(go list ./... | grep -v /vendor/)\n",
	"docker build \\\n  --build-arg VERSION=\"$version\" \\\n  -t \"$registry/app:$version\" \\\n  .\n",
	"tag=$(git describe --tags --always)\ndocker tag app:latest app:$tag\necho \"tag=$tag\" >> \"$PIPE_OUTPUT\"\n",
	"{\n  echo \"digest=$digest\"\n  echo 'notes<<END'\n  cat notes.md\n  echo END\n} >> \"$PIPE_OUTPUT\"\n",
	"cat <<EOF > values.yaml\nimage:\n  tag: ${version}\n  pull: ${policy:-Always}\nEOF\nhelm upgrade --install app ./chart -f values.yaml\n",
	"cat <<'EOF' | kubectl apply -f -\napiVersion: v1\nkind: Namespace\nmetadata: { name: $demo }\nEOF\n",
	"set +e\ndiff -u expected actual > out.diff\nstatus=$?\nset -e\nif [ $status -ne 0 ]; then cat out.diff; exit $status; fi\n",
	"test -z \"$(gofmt -l .)\"\n",
	"[ -f .env ] && . ./.env\necho \"$DATABASE_URL\" | wc -c\n",
	"git diff --quiet || { echo 'the tree is dirty'; exit 1; }\n",
	"changed=$(git diff --name-only origin/main... | grep -c '\\.go$' || true)\nif [ \"$changed\" -gt 0 ]; then go build ./...; fi\n",
	"ls -la | head -5\nps aux | grep -q postgres\n",
	"case \"$os\" in\n  linux|darwin) ext= ;;\n  windows) ext=.exe ;;\n  *) echo \"unknown os $os\" >&2; exit 1 ;;\nesac\ngo build -o \"app$ext\"\n",
	"while read -r name version; do\n  echo \"$name $version\"\ndone < versions.txt\n",
	"tmp=$(mktemp -d)\ntrap 'rm -rf \"$tmp\"' EXIT\ntar -C $tmp -xzf app.tar.gz\nrm -rf \"$tmp/\"\n",
	"rm -rf dist/ build/ ./*.egg-info\nrm -rf \"${out:?}/\"\nrm -rf \"$out/cache\"\n",
	"curl -fsSL https://example.com/data.json | jq -r '.items[] | .name' > /dev/null || exit 1\n",
	"curl -fsSL -o install.sh https://example.com/install.sh\necho \"$sum  install.sh\" | sha256sum -c -\nsh install.sh\n",
	"flags=\"-v -count=1\"\ngo test $flags ./...\ndocker run $docker_args \"$image\"\n",
	"usage() {\n  echo \"usage: $1\" >&2\n  return 2\n}\n[ -n \"$version\" ] || usage release\n",
	"set -- --verbose\nif [ \"$dry_run\" = true ]; then set -- \"$@\" --dry-run; fi\n./deploy.sh \"$@\"\n",
	"awk '{ print $1 }' < sizes.txt | sort -n | tail -1\nsed -i \"s/VERSION/$version/\" chart.yaml\n",
	"export CGO_ENABLED=0\nexport GOOS=linux GOARCH=\"$arch\"\nexport START=$(date +%s)\ngo build ./...\n",
	"psql \"$DATABASE_URL\" <<SQL\nselect count(*) from users where name = '$name';\nSQL\n",
	"find . -name '*.pyc' -exec rm -f {} +\nfind . -name '*.sh' -print0 | xargs -0 -n1 sh -n\n",
	"until pg_isready -h db; do sleep 1; done\n",
	"npm run server &\nnpm run e2e\nwait\n",
	"terraform init -input=false\nterraform plan -out=tf.plan -var \"region=$region\" ${extra:+-var \"$extra\"}\n",
	"printf '%s\\n' \"$key\" > id_rsa\nchmod 600 id_rsa\nssh -i id_rsa \"$host\" 'cd /srv/app && docker compose up -d'\n",
	"printf 'passed=%d\\nfailed=%d\\n' \"$passed\" \"$failed\" >> \"$PIPE_OUTPUT\"\n",
	"# the shell's own\necho \"$# $? $$ $HOME ${PWD##*/}\"\n[ $# -eq 0 ]\n[ $? -eq 0 ]\n",
	"#!bash\nfiles=(a b c)\nfor f in \"${files[@]}\"; do\n  [[ -f $f ]] || continue\n  echo \"${f%.txt}\" \"${#files[@]}\"\ndone\n",
	"#!bash\npytest | tee log.txt\nif [[ $branch == main && $x =~ ^v[0-9]+$ ]]; then make release; fi\n",
	"#!bash\nmapfile -t changed < <(git diff --name-only)\nfor (( i = 0; i < ${#changed[@]}; i++ )); do echo \"${changed[i]}\"; done\n",
	"#!bash\ndeclare -A ports=([web]=80 [api]=8080)\nfor name in \"${!ports[@]}\"; do echo \"$name=${ports[$name]}\"; done\n",
	"#!bash\nf() {\n  local dir\n  dir=$(cd \"$1\" && pwd)\n  local name=${dir##*/}\n  echo \"$name\"\n}\nf .\n",
	"#!bash\ncurl -fsSL \"$url\" | tar -xz -C /usr/local/bin\nexec > >(tee build.log) 2>&1\nmake\n",
	"#!bash\nread -r major minor patch <<< \"${version//./ }\"\necho \"next=$major.$minor.$((patch + 1))\" | tee -a \"$PIPE_OUTPUT\"\n",
}

func dialectOf(text string) script.Dialect {
	if len(text) > 6 && text[:6] == "#!bash" {
		return script.Bash
	}
	return script.Sh
}

func TestClean(t *testing.T) {
	for _, text := range clean {
		s := script.Read(text, dialectOf(text))
		if s.Unread || len(s.Commands) == 0 {
			t.Errorf("not read:\n%s", text)
		}
		for _, m := range s.Mistakes {
			t.Errorf("%s (%q) in\n%s", m.Message, text[m.At.Start:m.At.End], text)
		}
		for _, r := range s.Risks {
			t.Errorf("%s: %s (%q) in\n%s", r.Kind, r.Message, text[r.At.Start:r.At.End], text)
		}
	}
}
