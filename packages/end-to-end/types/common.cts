import { createClient } from "@falco-outputs/node";

export const falco = createClient();
