package falco

import "github.com/falco-outputs/falco-outputs/packages/go/api/schema"

// sourceNames are the sources that an old Falco sent only as a number. 0, syscall, looks the same as no source.
var sourceNames = map[schema.Source]string{
	schema.Source_K8S_AUDIT: "k8s_audit",
	schema.Source_INTERNAL:  "internal",
	schema.Source_PLUGIN:    "plugin",
}

// sourceNumbers are the spellings that Falco has a number for.
var sourceNumbers = map[string]schema.Source{
	"SYSCALL":   schema.Source_SYSCALL,
	"syscall":   schema.Source_SYSCALL,
	"Syscall":   schema.Source_SYSCALL,
	"K8S_AUDIT": schema.Source_K8S_AUDIT,
	"k8s_audit": schema.Source_K8S_AUDIT,
	"K8s_audit": schema.Source_K8S_AUDIT,
	"K8S_audit": schema.Source_K8S_AUDIT,
	"INTERNAL":  schema.Source_INTERNAL,
	"internal":  schema.Source_INTERNAL,
	"Internal":  schema.Source_INTERNAL,
}

// deprecatedSource is the number that Falco sends beside the name of a source.
func deprecatedSource(name string) int32 {
	if number, isKnown := sourceNumbers[name]; isKnown || name == "" {
		return int32(number)
	}
	return int32(schema.Source_PLUGIN)
}
