package module

import (
	"encoding/json"
	"os"
	"testing"
)

func TestVersionIsThatOfTheWorkspace(t *testing.T) {
	text, err := os.ReadFile("../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Version string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Version != Version {
		t.Errorf("package.json has version %s, and the module %s", manifest.Version, Version)
	}
}
