/** The options of `check`. */
export interface CheckOptions {
  config: string;
  connect?: boolean;
}
