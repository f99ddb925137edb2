package falco

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
)

func TestFalcoItselfRefusesOurOptions(t *testing.T) {
	noLeaks(t)
	type iterate = func(*Client) func(func(*Alert, error) bool)
	sub := func(options ...StreamOption) iterate {
		return func(c *Client) func(func(*Alert, error) bool) { return c.Sub(context.Background(), options...) }
	}
	get := func(options ...StreamOption) iterate {
		return func(c *Client) func(func(*Alert, error) bool) { return c.Get(context.Background(), options...) }
	}
	for version, hasVersion := range map[string]bool{"Falco 0.43": true, "a Falco without a version": false} {
		for name, iterate := range map[string]iterate{
			"a group":                   sub(Group("pager")),
			"a group that acknowledges": sub(Group("pager"), Acknowledge()),
			"a broadcast":               sub(Broadcast()),
			"a broadcast with a filter": sub(Broadcast(), MinPriority(PriorityWarning)),
			"a broadcast after a place": sub(Broadcast(), After(7)),
			"acknowledgement":           sub(Acknowledge()),
			"acknowledgement by hand":   sub(AcknowledgeByHand()),
			"a group, waited for":       sub(Group("pager"), WaitOnFirstConnect()),
			"get of a group":            get(Group("pager")),
			"get of a broadcast":        get(Broadcast(), After(0)),
			"get that follows":          get(Follow()),
		} {
			t.Run(version+"/"+name, func(t *testing.T) {
				falco := startOldFalco(t, folder(t), hasVersion)
				falco.raise("one", "two")
				count := 0
				for _, err := range iterate(clientOf(t, falco.address)) {
					count++
					var known *Error
					if !errors.As(err, &known) || known.Code != codes.Unimplemented {
						t.Fatalf("got %v, expected UNIMPLEMENTED", err)
					}
					expected := "version on " + falco.address + ": this server is Falco's own, which has the shared queue only:" +
						" leave out Group, Broadcast, After, Follow and Acknowledge (FilterLocally filters on this side)"
					if err.Error() != expected {
						t.Errorf("got %q, expected %q", err, expected)
					}
				}
				if count != 1 {
					t.Errorf("the loop had %d turns, expected 1", count)
				}
				if calls := falco.called(); !slices.Equal(calls, []string{"version"}) {
					t.Errorf("it called %v, expected version alone", calls)
				}
				if falco.queued() != 2 {
					t.Errorf("%d alerts are left, expected 2", falco.queued())
				}
			})
		}
	}
}

func TestFalcoItselfGet(t *testing.T) {
	noLeaks(t)
	falco := startOldFalco(t, folder(t), true)
	client := clientOf(t, falco.address)
	if got := all(t, client.Get(limited(t))); len(got) != 0 {
		t.Errorf("got %v of an empty queue", rulesOf(got))
	}
	falco.raise("one", "two")
	got := all(t, client.Get(limited(t)))
	if !slices.Equal(rulesOf(got), []string{"one", "two"}) {
		t.Errorf("got %v", rulesOf(got))
	}
	if got[0].Source != "" || got[0].SourceName() != "k8s_audit" || got[0].Sequence != 0 {
		t.Errorf("the source is %q, its name %q, the sequence %d", got[0].Source, got[0].SourceName(), got[0].Sequence)
	}
	falco.raise("one", "two", "three")
	filtered := rulesOf(all(t, client.Get(limited(t), FilterLocally(), Rules("three", "two"))))
	if !slices.Equal(filtered, []string{"two", "three"}) || falco.queued() != 0 {
		t.Errorf("filtered to %v, %d left", filtered, falco.queued())
	}
	version, err := client.Version(limited(t))
	if err != nil || version.Version != "0.43.0" {
		t.Errorf("the version is %v, %v", version, err)
	}
}

func TestFalcoItselfIsPolled(t *testing.T) {
	noLeaks(t)
	falco := startOldFalco(t, folder(t), true)
	subscriber := read(t, clientOf(t, falco.address), PollInterval(5*time.Millisecond))
	eventually(t, "polls", func() bool { return falco.polled() > 3 })
	falco.raise("one", "two")
	subscriber.waitForRules(t, "one", "two")
	falco.raise("three")
	subscriber.waitForRules(t, "one", "two", "three")
	subscriber.cancel()
	subscriber.endsWell(t)
	if calls := falco.called(); !slices.Equal(calls, []string{"sub"}) {
		t.Errorf("it called %v, expected sub alone", calls)
	}
}

// It is asked as often while alerts come.
func TestFalcoItselfIsPolledAtAFixedInterval(t *testing.T) {
	noLeaks(t)
	idle, busy := startOldFalco(t, folder(t), true), startOldFalco(t, folder(t), true)
	busy.raiseAtEachPoll()
	for _, falco := range []*oldFalco{idle, busy} {
		read(t, clientOf(t, falco.address), PollInterval(5*time.Millisecond))
		eventually(t, "a poll", func() bool { return falco.polled() > 0 })
	}
	startIdle, startBusy := idle.polled(), busy.polled()
	eventually(t, "100 polls", func() bool { return idle.polled() >= startIdle+100 })
	if polls := busy.polled() - startBusy; polls < 65 {
		t.Errorf("there were %d polls while alerts came, and 100 while none came", polls)
	}
}

func TestFalcoItselfIsLeftBeforeItsFirstAlert(t *testing.T) {
	noLeaks(t)
	falco := startOldFalco(t, folder(t), true)
	subscriber := read(t, clientOf(t, falco.address))
	eventually(t, "a poll", func() bool { return falco.polled() > 0 })
	subscriber.cancel()
	subscriber.endsWell(t)
	if types := subscriber.types(); types != "connecting" {
		t.Errorf("it told %s", types)
	}
}

func TestFalcoItselfRestarts(t *testing.T) {
	noLeaks(t)
	place := folder(t)
	first := startOldFalco(t, place, true)
	first.raise("one")
	subscriber := read(t, clientOf(t, first.address), PollInterval(5*time.Millisecond), soon)
	subscriber.waitForRules(t, "one")
	first.stop()
	subscriber.waitForTypes(t, "disconnected", 1)
	second := startOldFalco(t, place, true)
	second.raise("two")
	subscriber.waitForRules(t, "one", "two")
	if types := subscriber.types(); !regexp.MustCompile(`^connecting connected (disconnected connecting )+resumed$`).MatchString(types) {
		t.Errorf("it told %s", types)
	}
}

func TestReconnectToFalcoItselfWithoutAnAlert(t *testing.T) {
	noLeaks(t)
	place := folder(t)
	first := startOldFalco(t, place, true)
	const timeout = 200 * time.Millisecond
	client := clientOf(t, first.address, WithConnectTimeout(timeout))
	started := time.Now()
	subscriber := read(t, client, PollInterval(5*time.Millisecond), soon)
	eventually(t, "that the connection holds", func() bool { return time.Since(started) > 2*timeout+10*time.Millisecond })
	first.stop()
	subscriber.waitForTypes(t, "disconnected", 1)
	startOldFalco(t, place, true).raise("one")
	subscriber.waitForRules(t, "one")
}

func TestOurServerReplacesFalco(t *testing.T) {
	noLeaks(t)
	place := folder(t)
	falco := startOldFalco(t, place, true)
	client := clientOf(t, falco.address)
	for _, err := range client.Sub(limited(t), Group("pager")) {
		var known *Error
		if !errors.As(err, &known) || known.Code != codes.Unimplemented {
			t.Fatalf("got %v, expected UNIMPLEMENTED", err)
		}
	}
	falco.stop()
	server := reference.Serve(t, map[string]any{"listen": []string{falco.address}})
	subscriber := read(t, client, Group("pager"))
	server.WaitForSubscribers(1)
	server.PublishNumbered(1, 1)
	subscriber.waitForRules(t, "Rule 1")
}
