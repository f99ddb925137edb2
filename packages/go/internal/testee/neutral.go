package main

import (
	"strconv"
	"strings"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

// neutralAlert is an alert, the same in every language.
type neutralAlert struct {
	Time             string            `json:"time,omitempty"`
	Priority         int32             `json:"priority"`
	SourceDeprecated int32             `json:"source_deprecated"`
	Rule             string            `json:"rule"`
	Output           string            `json:"output"`
	OutputFields     map[string]string `json:"output_fields"`
	Hostname         string            `json:"hostname"`
	Tags             []string          `json:"tags"`
	Source           string            `json:"source"`
	Sequence         string            `json:"sequence,omitempty"`
	JSON             string            `json:"json"`
}

func neutralOf(alert *falco.Alert) neutralAlert {
	neutral := neutralAlert{
		Priority:         int32(alert.Priority),
		SourceDeprecated: alert.SourceDeprecated,
		Rule:             alert.Rule,
		Output:           alert.Output,
		OutputFields:     alert.OutputFields,
		Hostname:         alert.Hostname,
		Tags:             alert.Tags,
		Source:           alert.Source,
		JSON:             alert.JSON(),
	}
	if neutral.OutputFields == nil {
		neutral.OutputFields = map[string]string{}
	}
	if neutral.Tags == nil {
		neutral.Tags = []string{}
	}
	if alert.HasTime() {
		neutral.Time = alert.Time.UTC().Format("2006-01-02T15:04:05.000000000Z")
	}
	if alert.Sequence != 0 {
		neutral.Sequence = strconv.FormatUint(alert.Sequence, 10)
	}
	return neutral
}

type neutralStatus struct {
	Type string `json:"type"`
	// How many alerts were reported before.
	Alerts int               `json:"alerts"`
	Loss   map[string]string `json:"loss,omitempty"`
	// Whether a disconnected one says when the server was last heard from.
	LastHeard bool `json:"last_heard,omitempty"`
}

func neutralStatusOf(status falco.Status, alerts int) neutralStatus {
	switch status := status.(type) {
	case falco.Connecting:
		return neutralStatus{Type: "connecting", Alerts: alerts}
	case falco.Connected:
		return neutralStatus{Type: "connected", Alerts: alerts}
	case falco.Disconnected:
		return neutralStatus{Type: "disconnected", Alerts: alerts, LastHeard: !status.LastHeardAt.IsZero()}
	case falco.Resumed:
		return neutralStatus{Type: "resumed", Alerts: alerts}
	case falco.Lost:
		return neutralStatus{Type: "lost", Alerts: alerts, Loss: neutralLossOf(status.Loss)}
	default:
		panic("an unknown status")
	}
}

func neutralLossOf(loss falco.Loss) map[string]string {
	neutral := map[string]string{"cause": loss.Text}
	for name, value := range map[string]uint64{
		"lost": loss.Lost, "first_sequence": loss.FirstSequence, "last_sequence": loss.LastSequence,
	} {
		if value != 0 {
			neutral[name] = strconv.FormatUint(value, 10)
		}
	}
	return neutral
}

// number is a 64-bit number as decimal text.
type number uint64

// UnmarshalJSON reads the text.
func (n *number) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*n = number(value)
	return err
}
