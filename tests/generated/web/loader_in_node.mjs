// Loads a manifest as the first argument says, and prints what came of it. Lies beside the loader.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const config = JSON.parse(process.argv[2]);
const { manifest, options = {}, mode = "whole", cacheFile = "", faults = {} } = config;

/** Cache Storage as far as the loader uses it, kept in a file. */
function cacheStorage() {
  let stored = {};
  try {
    stored = JSON.parse(readFileSync(cacheFile, "utf8"));
  } catch {
    // The first visit.
  }
  const save = () => writeFileSync(cacheFile, JSON.stringify(stored));
  const open = async (name) => {
    if (faults.blocked) throw new DOMException("The operation is insecure.", "SecurityError");
    const entries = (stored[name] ??= {});
    return {
      async match(url) {
        const kept = entries[url];
        return kept === undefined ? undefined : new Response(Buffer.from(kept, "base64"));
      },
      async put(url, response) {
        const bytes = Buffer.from(await response.arrayBuffer());
        const used = Object.values(entries).reduce((sum, each) => sum + each.length, 0);
        if (faults.quota !== undefined && used + bytes.length > faults.quota) {
          throw new DOMException("Quota exceeded.", "QuotaExceededError");
        }
        entries[url] = bytes.toString("base64");
        save();
      },
      async delete(url) {
        const had = url in entries;
        delete entries[url];
        save();
        return had;
      },
      async keys() {
        return Object.keys(entries).map((url) => ({ url }));
      },
    };
  };
  return { open };
}

if (cacheFile) globalThis.caches = cacheStorage();
if (faults.insecure) {
  Object.defineProperty(globalThis, "crypto", { value: { getRandomValues() {} } });
}

const events = [];
const pieces = [];
const controller = new AbortController();
const all = {
  ...options,
  signal: controller.signal,
  onProgress(progress) {
    events.push({ ...progress });
    if (faults.abortAt !== undefined && progress.loaded >= faults.abortAt) {
      controller.abort(new DOMException("The user left.", "AbortError"));
    }
  },
};
if (faults.abortAfter !== undefined) {
  setTimeout(() => controller.abort(new DOMException("Late.", "AbortError")), faults.abortAfter);
}
if (faults.abortedBefore) controller.abort(new DOMException("Before.", "AbortError"));

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const result = {};
try {
  const { forgetOthers, loadAsset, loadManifest, parseManifest, streamAsset } =
    await import("./loader.js");
  if (mode === "parse") {
    result.parsed = config.texts.map((text) => {
      try {
        return parseManifest(text);
      } catch ({ code, message }) {
        return `${code}: ${message}`;
      }
    });
  } else if (mode === "whole") {
    const bytes = await loadAsset(manifest, all);
    result.sha256 = digest(bytes);
  } else if (mode === "manifest") {
    result.manifest = await loadManifest(manifest, all);
  } else if (mode === "forget") {
    await forgetOthers([manifest]);
  } else {
    let place = null;
    for await (const { offset, bytes, layers } of streamAsset(manifest, all)) {
      place ??= Buffer.alloc(events.at(-1).total);
      place.set(bytes, offset);
      pieces.push({ offset, bytes: bytes.byteLength, layers });
      if (mode === "first") break;
      if (mode === "slowly") await new Promise((resolve) => setTimeout(resolve, 20));
    }
    result.sha256 = digest(place);
  }
} catch (error) {
  const { name, code, message, fix } = error;
  result.error = { name, code, message, fix };
}
// What is stored behind the load; the stand-in takes no time of its own.
await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write(JSON.stringify({ ...result, events, pieces }));
