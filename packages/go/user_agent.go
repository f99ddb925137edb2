package falco

// moduleVersion is the version of this module.
const moduleVersion = "0.1.0"

const userAgent = "falco-outputs-go/" + moduleVersion
