package falco

import (
	"context"
	"errors"
	"fmt"

	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// FalcoVersion is the version of Falco, whole and in the parts of Semantic Versioning, and of its engine.
type FalcoVersion struct {
	// Version is Falco's, whole, e.g. "0.44.1-rc1+b7".
	Version string
	// Major, Minor and Patch are its numbers.
	Major, Minor, Patch uint32
	// Prerelease and Build are what follows them, e.g. "rc1" and "b7"; empty in a release.
	Prerelease, Build string
	// EngineVersion is the engine's, whole; empty from a Falco before 0.38.
	EngineVersion string
	// EngineMajor, EngineMinor and EnginePatch are its numbers; before 0.38 EngineMinor was all of it.
	EngineMajor, EngineMinor, EnginePatch uint32
	// EngineFieldsChecksum is the same for engines that know the same fields; only Falco itself sends it.
	EngineFieldsChecksum string
}

// Version returns the version of the Falco whose alerts the server has.
func (c *Client) Version(ctx context.Context) (*FalcoVersion, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(errClosed) })()
	response, err := c.version(ctx)
	if err != nil {
		var own *foreignError
		if errors.As(err, &own) {
			return nil, own.error
		}
		return nil, c.named("version", err)
	}
	return &FalcoVersion{
		Version:              response.GetVersion(),
		Major:                response.GetMajor(),
		Minor:                response.GetMinor(),
		Patch:                response.GetPatch(),
		Prerelease:           response.GetPrerelease(),
		Build:                response.GetBuild(),
		EngineVersion:        response.GetEngineVersion(),
		EngineMajor:          response.GetEngineMajor(),
		EngineMinor:          response.GetEngineMinor(),
		EnginePatch:          response.GetEnginePatch(),
		EngineFieldsChecksum: response.GetEngineFieldsChecksum(),
	}, nil
}

func (c *Client) version(ctx context.Context) (*version.Response, error) {
	conn, err := c.connector.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.connector.release(conn)
	response, _, err := askVersion(ctx, conn)
	if err == nil {
		c.connector.answered()
	}
	return response, err
}

// askVersion also returns the header of the answer, even with an error.
func askVersion(ctx context.Context, conn *connection) (*version.Response, metadata.MD, error) {
	var header, trailer metadata.MD
	answer := &answer{}
	ctx = withVersionHeader(context.WithValue(ctx, answerKey{}, answer))
	response, err := version.NewServiceClient(conn).Version(ctx, &version.Request{},
		grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		err = conn.explainCall(ctx, err, answer)
	}
	return response, metadata.Join(header, trailer), err
}

// assertOurServer returns an error if the server is Falco's own, which would ignore the options and send alerts before
// the client noticed. Only a gRPC answer shows that; other answers come from proxies whose server is unavailable.
func (c *Client) assertOurServer(ctx context.Context, conn *connection) error {
	limit := c.connector.timeout
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, header, err := askVersion(limited, conn)
	if len(header.Get(versionHeader)) > 0 {
		return nil
	}
	tried := c.tried("version")
	reason, isOurs := knownError(err)
	switch {
	// Falco before 0.24 did not know its version.
	case err == nil, isOurs && reason.FromServer && reason.Code == codes.Unimplemented:
		return &Error{
			Code:  codes.Unimplemented,
			Tried: tried,
			Message: "this server is Falco's own, which has the shared queue only: leave out Group, Broadcast, After, Follow" +
				" and Acknowledge (FilterLocally filters on this side)",
		}
	case !isOurs:
		return err
	case reason.FromServer:
		return &Error{
			Code:       codes.Unavailable,
			Tried:      tried,
			Message:    "something else answers in the server's place: " + reason.Message,
			FromServer: true,
			Cause:      err,
		}
	case limited.Err() != nil && ctx.Err() == nil:
		c.connector.discard(conn)
		return &Error{
			Code:    codes.Unavailable,
			Tried:   tried,
			Message: fmt.Sprintf("no answer came within %v", limit),
			Cause:   err,
		}
	default:
		return withTried(reason, tried)
	}
}
