// Package indexes and archives: files below a folder for each name. JSON that has an
// address of its server in it says @ORIGIN@.
import { readFile, stat } from "node:fs/promises";
import { join, normalize } from "node:path";

const TYPES = { html: "text/html", json: "application/json", gz: "application/gzip" };

export function files(folder) {
  return async (request, response, _body, { name, host }) => {
    const path = decodeURIComponent(request.url.split("?")[0]);
    const found = await find(join(folder, name, normalize(path)));
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405);
    if (found === undefined) return refuse(response, 404);
    let content = await readFile(found);
    const origin = `${request.socket.encrypted ? "https" : "http"}://${host}`;
    if (found.endsWith(".json")) {
      content = Buffer.from(content.toString().replaceAll("@ORIGIN@", origin));
    }
    const type = TYPES[found.split(".").pop()] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-length": content.length });
    response.end(request.method === "HEAD" ? undefined : content);
  };
}

/** The file at a path, or the index of the folder there. */
async function find(path) {
  for (const candidate of [path, join(path, "index.html"), join(path, "index.json")]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  return undefined;
}

function refuse(response, status) {
  response.writeHead(status);
  response.end();
}
