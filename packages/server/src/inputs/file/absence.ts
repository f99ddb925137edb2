/** For `catch`: undefined for a file, or its folder, that is not there. @throws the error if it is any other. */
export function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
