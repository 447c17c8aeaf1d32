package doctor

import (
	"context"
	"net/url"
	"strings"
)

var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}

// proxy says which proxies the environment names; their credentials are not shown.
func (s *Surroundings) proxy(context.Context) []Line {
	var set []string
	var lines []Line
	for _, name := range proxyVariables {
		upper, lower := s.getenv(name), s.getenv(strings.ToLower(name))
		switch {
		case upper == "" && lower == "":
			continue
		case upper != "" && lower != "" && upper != lower:
			lines = append(lines, warns("give both the same value", "%s and %s differ: some programs take the one, some the other", name, strings.ToLower(name))...)
		}
		text := upper
		if text == "" {
			name, text = strings.ToLower(name), lower
		}
		set = append(set, name+"="+withoutPassword(text))
		if !strings.EqualFold(name, "NO_PROXY") && !isProxy(text) {
			lines = append(lines, warns("write it as http://host:port", "%s names no proxy: %s", name, withoutPassword(text))...)
		}
	}
	if len(set) == 0 {
		return ok("none in the environment")
	}
	return append(ok("%s; a step sees them where inherit names them", strings.Join(set, ", ")), lines...)
}

func isProxy(text string) bool {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != ""
}

func withoutPassword(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		scheme, _, has := strings.Cut(text, "://")
		if has && !strings.Contains(scheme, "@") {
			return scheme + "://***" + text[i:]
		}
		return "***" + text[i:]
	}
	return text
}
