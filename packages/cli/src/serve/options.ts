/** The options of `serve`. */
export interface ServeOptions {
  config?: string;
  printConfig?: boolean;
  listen?: string[];
  http?: string[];
  stdin?: boolean;
  cert?: string;
  key?: string;
  ca?: string;
  insecureTcp?: boolean;
  capacity?: number;
  logDir?: string;
  socketMode?: number;
  socketGroup?: string;
  falcoVersion?: string;
  falcoUrl?: string;
  web?: string[];
  webToken?: string;
  webOrigin?: string[];
  webCert?: string;
  webKey?: string;
}
