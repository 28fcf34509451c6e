// The servers of the client tests, in one program: package indexes, an archive, a git server, and the
// APIs of models, each by HTTP/1.1, HTTPS and HTTP/2.
//
//   node servers.mjs FOLDER [ADDRESS [HTTPS [HTTP]]]     ports are 0 by default: any free ones
//
// FOLDER is what scripts/clients.sh has made. The first line of standard output has the ports as JSON. The name that
// a client asks for decides who answers. GET /seen, whatever the name, answers what was asked so far.
import http from "node:http";
import http2 from "node:http2";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { files } from "./servers/files.mjs";
import { git } from "./servers/git.mjs";
import { models } from "./servers/models.mjs";

const [folder, address = "127.0.0.1", httpsPort = "0", httpPort = "0"] = process.argv.slice(2);
const tls = {
  key: readFileSync(join(folder, "authority/server.key")),
  cert: readFileSync(join(folder, "authority/server.crt")),
  allowHTTP1: true,
};
const seen = [];

/** Who answers requests to a name. */
const services = {
  "git.test.example": git(join(folder, "served/git")),
  "api.openai.com": models,
  "api.anthropic.com": models,
  "api.test.example": echo,
};
const filesOfName = files(join(folder, "served"));

/** Answers what the request looked like here. */
function echo(request, response, body) {
  const { method, url, headers, httpVersion } = request;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ method, url, headers, httpVersion, body: body.toString() }) + "\n");
}

async function answer(request, response) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  if (request.url === "/seen") {
    response.end(JSON.stringify(seen));
    return;
  }
  const host = request.headers[":authority"] ?? request.headers.host ?? "";
  const name = host.split(":")[0];
  const { method, url, headers, httpVersion } = request;
  seen.push({ name, method, url, headers, httpVersion, body: body.toString("latin1").slice(0, 4096) });
  await (services[name] ?? filesOfName)(request, response, body, { name, host });
}

function handle(request, response) {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy?.();
  });
}

const listen = (server, port) =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), address, () => resolve(server.address().port));
  });
const httpsAt = await listen(http2.createSecureServer(tls, handle), httpsPort);
const httpAt = await listen(http.createServer(handle), httpPort);
console.log(JSON.stringify({ https: httpsAt, http: httpAt }));
