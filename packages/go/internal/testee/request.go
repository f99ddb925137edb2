package main

import (
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

// request is a stream's options, as the contract's request names them.
type request struct {
	Allow        []filter   `json:"allow"`
	Deny         []filter   `json:"deny"`
	Group        *string    `json:"group"`
	Broadcast    bool       `json:"broadcast"`
	After        *number    `json:"after"`
	Follow       bool       `json:"follow"`
	Acknowledged *number    `json:"acknowledged"`
	Since        *time.Time `json:"since"`
	Until        *time.Time `json:"until"`
}

type filter struct {
	Rules       []string `json:"rules"`
	Sources     []string `json:"sources"`
	Hostnames   []string `json:"hostnames"`
	Tags        []string `json:"tags"`
	MinPriority *int32   `json:"min_priority"`
	Fields      []field  `json:"fields"`
}

type field struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

func (r *request) options() []falco.StreamOption {
	options := []falco.StreamOption{falco.Allow(filtersOf(r.Allow)...), falco.Deny(filtersOf(r.Deny)...)}
	if r.Group != nil {
		options = append(options, falco.Group(*r.Group))
	}
	if r.Broadcast {
		options = append(options, falco.Broadcast())
	}
	if r.After != nil {
		options = append(options, falco.After(uint64(*r.After)))
	}
	if r.Follow {
		options = append(options, falco.Follow())
	}
	if r.Acknowledged != nil {
		options = append(options, falco.Acknowledge())
	}
	if r.Since != nil {
		options = append(options, falco.Since(*r.Since))
	}
	if r.Until != nil {
		options = append(options, falco.Until(*r.Until))
	}
	return options
}

func filtersOf(filters []filter) []falco.Filter {
	converted := make([]falco.Filter, len(filters))
	for i, f := range filters {
		converted[i] = falco.Filter{Rules: f.Rules, Sources: f.Sources, Hostnames: f.Hostnames, Tags: f.Tags}
		if f.MinPriority != nil {
			converted[i].MinPriority = falco.Priority(*f.MinPriority).Ptr()
		}
		for _, field := range f.Fields {
			if converted[i].Fields == nil {
				converted[i].Fields = map[string][]string{}
			}
			converted[i].Fields[field.Name] = field.Values
		}
	}
	return converted
}
