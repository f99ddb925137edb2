package falco

import "github.com/falco-outputs/falco-outputs/packages/go/api/schema"

// sourceNames are those that an old Falco sent as a number only. Its zero, syscall, cannot be told from nothing.
var sourceNames = map[schema.Source]string{
	schema.Source_K8S_AUDIT: "k8s_audit",
	schema.Source_INTERNAL:  "internal",
	schema.Source_PLUGIN:    "plugin",
}
