/** What fetch says when no answer came, or none that the page may read. It does not say which of the two. */
const unanswered = [
  /^Failed to fetch$/, // Chromium
  /^NetworkError when attempting to fetch resource\.$/, // Firefox
  /^Load failed$/, // Safari, also in the middle of an answer
  /^fetch failed$/, // Node
  /^error sending request for url/, // Deno
  /^Network request failed$/, // React Native
];

/** What it says in the middle of an answer. */
const cutOff = [
  /^network error$/, // Chromium
  /^Error in input stream$/, // Firefox
  /^terminated$/, // Node
];

/** Whether fetch had no answer. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof TypeError && unanswered.some((message) => message.test(error.message));
}

/** Whether an error is what fetch throws when the network fails: a TypeError, which elsewhere is a bug. */
export function isFetchFailure(error: unknown): boolean {
  return (
    isUnanswered(error) ||
    (error instanceof TypeError && cutOff.some((message) => message.test(error.message)))
  );
}
