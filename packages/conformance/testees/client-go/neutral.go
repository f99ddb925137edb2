package main

import (
	"github.com/falcosecurity/client-go/pkg/api/outputs"
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
}

func neutralOf(response *outputs.Response) neutralAlert {
	//lint:ignore SA1019 a Falco of its time sent nothing else
	deprecated := response.GetSourceDeprecated()
	neutral := neutralAlert{
		Priority:         int32(response.GetPriority()),
		SourceDeprecated: int32(deprecated),
		Rule:             response.GetRule(),
		Output:           response.GetOutput(),
		OutputFields:     response.GetOutputFields(),
		Hostname:         response.GetHostname(),
		Tags:             response.GetTags(),
		Source:           response.GetSource(),
	}
	if neutral.OutputFields == nil {
		neutral.OutputFields = map[string]string{}
	}
	if neutral.Tags == nil {
		neutral.Tags = []string{}
	}
	if response.GetTime() != nil {
		neutral.Time = response.GetTime().AsTime().Format("2006-01-02T15:04:05.000000000Z")
	}
	return neutral
}
