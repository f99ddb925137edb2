package falco

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

func TestFilters(t *testing.T) {
	server, client := serve(t, nil)
	ctx := limited(t)
	server.Publish(
		reference.Alert{Rule: "a", Priority: "Warning", Tags: []string{"x", "y"}, Source: "syscall", Hostname: "h1",
			OutputFields: map[string]any{"k8s.ns.name": "shop", "fd.name": nil}},
		reference.Alert{Rule: "b", Priority: "Notice", Tags: []string{"y"}, Source: "k8s_audit", Hostname: "h1",
			OutputFields: map[string]any{"k8s.ns.name": "shop-*"}},
		reference.Alert{Rule: "c", Priority: "Critical", Source: "syscall", Hostname: "h2"},
	)
	shop := Filter{Fields: map[string][]string{"k8s.ns.name": {"shop*"}}}
	for name, filter := range map[string]struct {
		options []StreamOption
		rules   string
	}{
		"priority":            {[]StreamOption{MinPriority(PriorityWarning)}, "a c"},
		"tags":                {[]StreamOption{Tags("x", "z")}, "a"},
		"any tag":             {[]StreamOption{Tags("*")}, "a b"},
		"rules":               {[]StreamOption{Rules("c", "b")}, "b c"},
		"sources":             {[]StreamOption{Sources("sys*")}, "a c"},
		"hostnames":           {[]StreamOption{Hostnames("h1")}, "a b"},
		"a field":             {[]StreamOption{Field("k8s.ns.name", "shop")}, "a"},
		"a pattern":           {[]StreamOption{Field("k8s.ns.name", "*op*")}, "a b"},
		"a star":              {[]StreamOption{Field("k8s.ns.name", `shop-\*`)}, "b"},
		"a field that exists": {[]StreamOption{Field("fd.name")}, "a"},
		"several fields":      {[]StreamOption{Field("k8s.ns.name", "shop*"), Field("fd.name", "<NA>")}, "a"},
		"several parts":       {[]StreamOption{MinPriority(PriorityNotice), Tags("y"), Hostnames("h1"), Sources("k8s_audit")}, "b"},
		"allow":               {[]StreamOption{Allow(Filter{Rules: []string{"c"}}, Filter{Tags: []string{"x"}})}, "a c"},
		"allow twice":         {[]StreamOption{Allow(Filter{Rules: []string{"c"}}), Allow(shop)}, "a b c"},
		"deny":                {[]StreamOption{Deny(Filter{MinPriority: PriorityCritical.Ptr()}, Filter{Rules: []string{"b"}})}, "a"},
		"allow and deny":      {[]StreamOption{Allow(shop), Deny(Filter{Tags: []string{"x"}})}, "b"},
		"short form and deny": {[]StreamOption{Tags("y"), Deny(Filter{Fields: map[string][]string{"fd.name": nil}})}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			got := rulesOf(all(t, client.Get(ctx, append(filter.options, Broadcast())...)))
			if strings.Join(got, " ") != filter.rules {
				t.Errorf("the server let %v pass, expected %v", got, filter.rules)
			}
			p, err := newPlan(methodGet, append(filter.options, FilterLocally()))
			if err != nil {
				t.Fatal(err)
			}
			var local []string
			for _, alert := range all(t, client.Get(ctx, Broadcast())) {
				if p.passes(alert) {
					local = append(local, alert.Rule)
				}
			}
			if strings.Join(local, " ") != filter.rules {
				t.Errorf("the client let %v pass, expected %v", local, filter.rules)
			}
		})
	}
}

func TestFilterLocallyTakesWhatDoesNotMatch(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 3)
	options := []StreamOption{FilterLocally(), Rules("Rule *"), Deny(Filter{Rules: []string{"*2"}})}
	if got := rulesOf(all(t, client.Get(limited(t), options...))); !slices.Equal(got, []string{"Rule 1", "Rule 3"}) {
		t.Errorf("got %v", got)
	}
	if rest := all(t, client.Get(limited(t))); len(rest) != 0 {
		t.Errorf("%v are left in the queue", rulesOf(rest))
	}
}

func TestGroupWithFilter(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 30)
	options := []StreamOption{Group("pager"), After(0), Allow(Filter{Rules: []string{"Rule 1*"}}), Deny(Filter{Rules: []string{"*0"}})}
	got := rulesOf(take(t, client.Sub(limited(t), options...), 3))
	if !slices.Equal(got, []string{"Rule 1", "Rule 11", "Rule 12"}) {
		t.Errorf("got %v", got)
	}
}

func TestSinceAndUntil(t *testing.T) {
	server, client := serve(t, nil)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for minute := range 5 {
		at := start.Add(time.Duration(minute) * time.Minute)
		server.Publish(reference.Alert{Rule: at.Format("04"), Priority: "Notice", Time: at.Format(time.RFC3339Nano)})
	}
	got := rulesOf(all(t, client.Get(limited(t), Broadcast(), Since(start.Add(time.Minute)), Until(start.Add(3*time.Minute)))))
	if !slices.Equal(got, []string{"01", "02"}) {
		t.Errorf("get returned %v", got)
	}
	local := start.Add(3 * time.Minute).In(time.FixedZone("", 3600))
	if got := rulesOf(take(t, client.Sub(limited(t), Broadcast(), Since(local)), 2)); !slices.Equal(got, []string{"03", "04"}) {
		t.Errorf("sub returned %v", got)
	}
}

func TestPattern(t *testing.T) {
	for value, texts := range map[string]struct{ matching, other string }{
		"":         {"|", "a"},
		"a":        {"a", "|A|aa|*"},
		"*":        {"|a|a*b|ä", ""},
		"a*":       {"a|ab|a*", "|ba"},
		"*a":       {"a|ba|aa", "|ab"},
		"a*a":      {"aa|aba|aaa", "a|ab"},
		"a*b*c":    {"abc|axbxc|abbcc", "ac|acb|abcd"},
		"*ab*ab*":  {"abab|xabxabx", "ab|aab|abxa"},
		"ab*bc":    {"abbc|abxbc", "abc"},
		"**":       {"|a", ""},
		`\*`:       {"*", `|a|\*`},
		`a\*b*`:    {"a*b|a*bc", "axb|a*"},
		`\`:        {`\`, `|\\`},
		`\\*`:      {`\*`, `\|*|\a`},
		`a\b`:      {`a\b`, "ab"},
		"?[a].":    {"?[a].", "xa."},
		"größe*🦅*": {"größe🦅|größer🦅!", "größe|grosse🦅"},
	} {
		p := parsePattern(value)
		for _, text := range strings.Split(texts.matching, "|") {
			if !p.matches(text) {
				t.Errorf("%q does not match %q", value, text)
			}
		}
		if texts.other == "" {
			continue
		}
		for _, text := range strings.Split(texts.other, "|") {
			if p.matches(text) {
				t.Errorf("%q matches %q", value, text)
			}
		}
	}
}

// Backtracking would take longer than the test may.
func TestPatternIsLinear(t *testing.T) {
	text := strings.Repeat("a", 100_000)
	stars := parsePattern(strings.Repeat("a*", 1000) + "b")
	between := parsePattern(strings.Repeat("*a", 1000) + "*b*")
	for range 100 {
		if stars.matches(text) || between.matches(text) {
			t.Fatal("it matches")
		}
		if !stars.matches(text + "b") {
			t.Fatal("it does not match")
		}
	}
}
