// Package falco subscribes to Falco's alerts: from a Falco Outputs server, or from a Falco 0.24 to 0.43 itself.
//
//	client, err := falco.NewClient()
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	for alert, err := range client.Sub(ctx, falco.Broadcast()) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(alert.Priority, alert.Rule, alert.OutputFields["proc.cmdline"])
//	}
//
// A stream comes back by itself when its connection is lost, continues where it was, and tells [OnStatus]. It ends without
// an error when its context is cancelled, when the loop is left and when the client is closed.
//
// A [Broadcast] gets every alert and takes none from others; the members of a [Group] share its alerts. Without either, a
// stream takes from Falco's shared queue, where each alert goes to one subscriber. Broadcasts, groups, filters and
// [Acknowledge] need a Falco Outputs server; on Falco's own they are refused before an alert is taken.
//
// The package falcohttp takes alerts as Falco posts them, without a server in between. Programs written for
// github.com/falcosecurity/client-go find its names in the packages client and api.
package falco
