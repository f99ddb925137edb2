package reference

// Identity is the paths of PEM files.
type Identity struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// Issue is what a certificate is issued for.
type Issue struct {
	// Names are DNS names and IP addresses. Default: localhost and 127.0.0.1.
	Names []string `json:"names,omitempty"`
	// Days from now until it ends; negative: it has. Default: 1.
	Days int `json:"days,omitempty"`
}

// Identify writes the identity of a "server" or a "client" into a folder, signed by the authority of this name.
func Identify(tb TB, folder, authority, kind string, issue Issue) Identity {
	tb.Helper()
	var result struct{ Identity Identity }
	arguments := map[string]any{"folder": folder, "authority": authority, "kind": kind, "issue": issue}
	if err := Shared(tb).call("identity", arguments, &result); err != nil {
		tb.Fatalf("%v", err)
	}
	return result.Identity
}
