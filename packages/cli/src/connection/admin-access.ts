/** For --help: who may ask a server for its status and groups. */
export const adminAccess = `
A server answers on its unix sockets, and over mutual TLS to the client
certificates that its configuration names (admin.allowed_names).`;
