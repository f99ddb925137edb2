package falco

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
)

func TestInvalidStreamOptions(t *testing.T) {
	noLeaks(t)
	// There is no server: nothing is asked of it.
	client := clientOf(t, "unix:///nowhere.sock")
	ctx := context.Background()
	sub := func(options ...StreamOption) iter.Seq2[*Alert, error] { return client.Sub(ctx, options...) }
	get := func(options ...StreamOption) iter.Seq2[*Alert, error] { return client.Get(ctx, options...) }
	now := time.Now()
	one := Filter{Rules: []string{"a"}}
	const (
		noFilter = ": the shared queue has no filter, for what does not match would be lost to the others:" +
			" name a group, ask for a broadcast, or filter locally"
		noStart = "Since: only a broadcast can start at a time: a group keeps its place, and the shared queue goes on with" +
			" what nobody took"
		noEnd      = "Until: only a get of a broadcast that does not follow can end at a time"
		noTime     = ": expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z"
		noPriority = ": 8, expected 0 (Emergency) to 7 (Debug)"
	)
	for message, streams := range map[string][]iter.Seq2[*Alert, error]{
		`Group: "", expected a name`:                                                                      {sub(Group(""))},
		"Group: a name of 257 characters, expected at most 256":                                           {sub(Group(strings.Repeat("🦅", 128) + "a"))},
		"Group, Broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all": {sub(Group("a"), Broadcast())},
		"MinPriority, Tags" + noFilter:                                                                    {sub(Tags("a"), MinPriority(PriorityError))},
		"Field, Deny" + noFilter:                                                                          {get(Field("a"), Deny(one))},
		"Allow, Deny" + noFilter:                                                                          {get(Allow(one), Deny(one), After(1))},
		"After: the shared queue goes on with what nobody took: name a group, or ask for a broadcast": {get(After(0))},

		noStart:                             {get(Since(now)), sub(Group("a"), Since(now), Follow())},
		noEnd:                               {get(Until(now)), sub(Broadcast(), Until(now)), get(Broadcast(), Follow(), Until(now))},
		"Since" + noTime:                    {sub(Broadcast(), Since(now.AddDate(8000, 0, 0)))},
		"Until" + noTime:                    {get(Broadcast(), Until(time.Time{}.Add(-1)))},
		"Until: it is not later than Since": {get(Broadcast(), Since(now), Until(now)), get(Broadcast(), Since(now), Until(now.Add(-1)))},

		"Allow, Deny: 101 filters, expected at most 100": {sub(Broadcast(), Allow(slices.Repeat([]Filter{one}, 100)...), Deny(one))},
		"Field, Rules: 1001 values, expected at most 1000": {
			sub(Broadcast(), Rules(slices.Repeat([]string{"a"}, 999)...), Field("a", "b")),
		},
		"Deny: values of 65538 bytes, expected at most 65536": {
			sub(Broadcast(), Deny(Filter{Rules: []string{strings.Repeat("ä", 32_769)}})),
		},
		"Allow[1]: an empty filter, which every alert would match": {sub(Broadcast(), Allow(one, Filter{}))},
		"Deny[0]: an empty filter, which every alert would match":  {sub(Group("a"), Deny(Filter{Rules: []string{}}))},
		"MinPriority" + noPriority:                                 {sub(Broadcast(), MinPriority(8)), sub(FilterLocally(), MinPriority(8))},
		"Allow[0].MinPriority" + noPriority:                        {sub(Broadcast(), Allow(Filter{MinPriority: Priority(8).Ptr()}))},
		"Deny[0].MinPriority" + noPriority:                         {sub(Broadcast(), MinPriority(7), Deny(Filter{MinPriority: Priority(8).Ptr()}))},
		"Field: empty, expected the name of an output field":       {sub(Broadcast(), Field("", "a"))},
		"Allow[0].Fields: empty, expected the name of an output field": {
			sub(Broadcast(), Allow(Filter{Fields: map[string][]string{"": nil}})),
		},
		"MinPriority, Tags: expected nothing with Allow: put it into the filters there": {
			sub(Broadcast(), MinPriority(PriorityError), Tags("a"), Allow(one)),
		},

		"Follow: sub follows anyway, it is for get":                                             {sub(Follow())},
		"Acknowledge: get takes no acknowledgements, use sub":                                   {get(Acknowledge())},
		"AcknowledgeByHand: a broadcast shares with nobody to whom its alerts could go instead": {sub(Broadcast(), AcknowledgeByHand())},
		"FilterLocally: the server filters groups and broadcasts itself":                        {sub(Group("a"), FilterLocally())},
		"PollInterval: 0s, expected more than 0":                                                {sub(PollInterval(0))},
	} {
		for _, alerts := range streams {
			count := 0
			for alert, err := range alerts {
				count++
				var known *Error
				if alert != nil || !errors.As(err, &known) || known.Code != codes.InvalidArgument || known.Message != message {
					t.Errorf("got %v, %v, expected %s", alert, err, message)
				}
			}
			if count != 1 {
				t.Errorf("%s: the loop ran %d times, expected once", message, count)
			}
		}
	}
}
