package client

import (
	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// ResponseFromJSON reads one alert as Falco writes it with json_output: true, into the message that OutputsWatch has.
// With it, a program whose Falco no longer serves gRPC can keep its callbacks.
func ResponseFromJSON(text []byte) (*outputs.Response, error) {
	alert := &falco.Alert{}
	if err := alert.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	return ResponseOf(alert), nil
}

// ResponseOf returns the message of an alert: of one that falcohttp.Handler took, for example.
func ResponseOf(alert *falco.Alert) *outputs.Response {
	response := &outputs.Response{
		Priority:         schema.Priority(alert.Priority),
		SourceDeprecated: schema.Source(alert.SourceDeprecated),
		Rule:             alert.Rule,
		Output:           alert.Output,
		OutputFields:     alert.OutputFields,
		Hostname:         alert.Hostname,
		Tags:             alert.Tags,
		Source:           alert.Source,
		Sequence:         alert.Sequence,
	}
	if alert.HasTime() {
		response.Time = timestamppb.New(alert.Time)
	}
	return response
}
