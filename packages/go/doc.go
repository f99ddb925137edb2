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
// A stream whose connection is lost reconnects and continues where it was; [OnStatus] reports it. A server that says
// nothing for three of its heartbeats counts as lost. A stream ends without an error when its context is cancelled, when
// the loop is left and when the client is closed.
//
// A [Broadcast] gets every alert and takes none from others; the members of a [Group] share its alerts. Without either,
// a stream takes from Falco's shared queue, where each alert goes to one subscriber. Broadcasts, groups, filters and
// [Acknowledge] need a Falco Outputs server; on Falco's own they are refused before an alert is taken.
//
// Options choose the alerts of a broadcast or a group: those that match one filter of [Allow] and none of [Deny].
// [MinPriority], [Tags], [Rules], [Sources], [Hostnames] and [Field] are the short form of a single filter. [Since] and
// [Until] choose by time.
//
//	client.Get(ctx, falco.Broadcast(),
//		falco.Since(time.Now().Add(-12*time.Hour)),
//		falco.MinPriority(falco.PriorityWarning),
//		falco.Field("k8s.ns.name", "shop", "shop-*"),
//		falco.Deny(falco.Filter{Rules: []string{"Contact K8S API Server*"}}))
//
// The package falcohttp takes alerts as Falco posts them, without a server in between. Programs written for
// github.com/falcosecurity/client-go find its names in the packages client and api.
package falco
