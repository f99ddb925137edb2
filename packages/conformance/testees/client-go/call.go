package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/falcosecurity/client-go/pkg/api/version"
	"github.com/falcosecurity/client-go/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// watchInterval is how long OutputsWatch is idle before it asks for alerts; its users take a second.
const watchInterval = 100 * time.Millisecond

// call is one call of the runner's.
type call struct {
	line   *callLine
	client *client.Client
	// What the runner's cancel does.
	cancel context.CancelFunc
	write  func(line any)
	alerts []neutralAlert
}

type result struct {
	Status  neutralStatus   `json:"status"`
	Alerts  *[]neutralAlert `json:"alerts,omitempty"`
	Version map[string]any  `json:"version,omitempty"`
}

type neutralStatus struct {
	Code    codes.Code `json:"code"`
	Message string     `json:"message"`
}

func (c *call) run(cancelled context.Context) *result {
	ctx := cancelled
	for name, value := range c.line.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	if c.line.TimeoutMS != nil {
		limited, cancel := context.WithTimeout(ctx, time.Duration(*c.line.TimeoutMS)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	if c.line.Method == "version" {
		return c.version(ctx)
	}
	c.alerts = []neutralAlert{}
	var err error
	if c.line.Method == "get" {
		err = c.get(ctx)
	} else {
		err = c.client.OutputsWatch(ctx, c.take, watchInterval)
	}
	r := &result{Status: statusOf(err), Alerts: &c.alerts}
	if cancelled.Err() != nil {
		r.Status = neutralStatus{Code: codes.Canceled}
	}
	return r
}

// errDone ends a loop over alerts.
var errDone = errors.New("as many alerts as the call takes")

func (c *call) take(response *outputs.Response) error {
	c.alerts = append(c.alerts, neutralOf(response))
	if c.line.ReportProgress {
		c.write(map[string]any{"id": c.line.ID, "progress": map[string]int{"alerts": len(c.alerts)}})
	}
	if len(c.alerts) != c.line.CancelAfterAlerts {
		return nil
	}
	c.cancel()
	return errDone
}

func (c *call) get(ctx context.Context) error {
	service, err := c.client.Outputs()
	if err != nil {
		return err
	}
	stream, err := service.Get(ctx, &outputs.Request{})
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.take(response); err != nil {
			return err
		}
	}
}

func (c *call) version(ctx context.Context) *result {
	service, err := c.client.Version()
	if err != nil {
		return &result{Status: statusOf(err)}
	}
	v, err := service.Version(ctx, &version.Request{})
	if err != nil {
		return &result{Status: statusOf(err)}
	}
	return &result{Version: map[string]any{
		"version": v.GetVersion(), "major": v.GetMajor(), "minor": v.GetMinor(), "patch": v.GetPatch(),
		"prerelease": v.GetPrerelease(), "build": v.GetBuild(),
		// It was the engine's whole version.
		"engine_minor": v.GetEngineVersion(), "engine_fields_checksum": v.GetEngineFieldsChecksum(),
	}}
}

func statusOf(err error) neutralStatus {
	if err == nil {
		return neutralStatus{}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return neutralStatus{codes.DeadlineExceeded, err.Error()}
	}
	if s, isStatus := status.FromError(err); isStatus {
		return neutralStatus{s.Code(), s.Message()}
	}
	return neutralStatus{codes.Unavailable, err.Error()}
}
