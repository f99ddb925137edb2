/** This package's version, as package.json has it: that is not there in a bundle. */
export const version = "0.1.0";
