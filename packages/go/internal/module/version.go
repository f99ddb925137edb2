// Package module is about this module itself.
package module

// Version is the version of this module.
const Version = "0.1.0"

// UserAgent is how its clients name themselves to a server.
const UserAgent = "falco-outputs-go/" + Version
