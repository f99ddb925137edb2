import { createClient } from "@falco-outputs/web";

export async function read(): Promise<string | undefined> {
  const falco = createClient({ baseUrl: "http://127.0.0.1:5062" });
  const { value } = await falco.sub({ broadcast: true })[Symbol.asyncIterator]().next();
  await falco.close();
  return value?.rule;
}
