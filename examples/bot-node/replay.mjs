// A recorded feed for a test: `feedrec replay` as a process of its own. Copy this file into your suite.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Serve a recording from a local WebSocket server.
 *
 * @param {string} recording - path of the recording
 * @param {...string} options - further options of `feedrec replay`
 * @returns {Promise<{url: string, close: () => Promise<void>}>} where clients connect, and what ends it
 */
export async function replay(recording, ...options) {
  const command = ["replay", recording, "--port", "0", "--speed", "max", "-q", ...options];
  const server = spawn(process.env.FEEDREC ?? "feedrec", command, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "close").catch(() => {});
  const lines = createInterface({ input: server.stdout });
  const started = once(lines, "line");
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  const early = ended.then(() => Promise.reject(new Error("feedrec replay did not start: stderr says why")));
  const [url] = await Promise.race([started, failed, early]);
  early.catch(() => {});
  failed.catch(() => {});
  return {
    url,
    close: async () => {
      server.kill();
      await ended;
    },
  };
}
