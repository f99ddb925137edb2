/** The environment's default of --address. */
export const addressVariable = "FALCO_OUTPUTS_INPUT";
