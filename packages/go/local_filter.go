package falco

import (
	"slices"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
)

// matcher reports whether it lets an alert pass.
type matcher func(*Alert) bool

// newMatcher decides as the server does.
func newMatcher(allow, deny []*outputs.Filter) matcher {
	allowed, denied := matchersOf(allow), matchersOf(deny)
	return func(alert *Alert) bool {
		matches := func(m matcher) bool { return m(alert) }
		return (len(allowed) == 0 || slices.ContainsFunc(allowed, matches)) && !slices.ContainsFunc(denied, matches)
	}
}

func matchersOf(filters []*outputs.Filter) []matcher {
	matchers := make([]matcher, len(filters))
	for i, filter := range filters {
		matchers[i] = filterMatcher(filter)
	}
	return matchers
}

func filterMatcher(filter *outputs.Filter) matcher {
	var parts []matcher
	add := func(values []string, matches func(*Alert, textMatcher) bool) {
		if len(values) > 0 {
			oneOf := newTextMatcher(values)
			parts = append(parts, func(alert *Alert) bool { return matches(alert, oneOf) })
		}
	}
	if filter.MinPriority != nil {
		least := Priority(filter.GetMinPriority())
		parts = append(parts, func(alert *Alert) bool { return alert.Priority <= least })
	}
	add(filter.GetTags(), func(alert *Alert, oneOf textMatcher) bool { return slices.ContainsFunc(alert.Tags, oneOf) })
	add(filter.GetRules(), func(alert *Alert, oneOf textMatcher) bool { return oneOf(alert.Rule) })
	add(filter.GetSources(), func(alert *Alert, oneOf textMatcher) bool { return oneOf(alert.Source) })
	add(filter.GetHostnames(), func(alert *Alert, oneOf textMatcher) bool { return oneOf(alert.Hostname) })
	for _, field := range filter.GetFields() {
		parts = append(parts, fieldMatcher(field.GetName(), field.GetValues()))
	}
	return func(alert *Alert) bool {
		return !slices.ContainsFunc(parts, func(matches matcher) bool { return !matches(alert) })
	}
}

func fieldMatcher(name string, values []string) matcher {
	oneOf := newTextMatcher(values)
	return func(alert *Alert) bool {
		value, isThere := alert.OutputFields[name]
		return isThere && (len(values) == 0 || oneOf(value))
	}
}

// textMatcher reports whether a text matches one of a filter's values.
type textMatcher func(text string) bool

func newTextMatcher(values []string) textMatcher {
	exact := map[string]bool{}
	var patterns []pattern
	for _, value := range values {
		if p := parsePattern(value); len(p) == 1 {
			exact[p[0]] = true
		} else {
			patterns = append(patterns, p)
		}
	}
	return func(text string) bool {
		return exact[text] || slices.ContainsFunc(patterns, func(p pattern) bool { return p.matches(text) })
	}
}
