// Git repositories by smart HTTP: `git http-backend` as a CGI program (RFC 3875).
import { spawn } from "node:child_process";

export function git(folder) {
  return (request, response, body) =>
    new Promise((resolve, reject) => {
      const [path, query = ""] = request.url.split("?");
      const backend = spawn("git", ["http-backend"], {
        env: {
          PATH: process.env.PATH,
          GIT_PROJECT_ROOT: folder,
          GIT_HTTP_EXPORT_ALL: "1",
          // The repository may belong to somebody else.
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "safe.directory",
          GIT_CONFIG_VALUE_0: "*",
          GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
          HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
          REQUEST_METHOD: request.method,
          PATH_INFO: path,
          QUERY_STRING: query,
          CONTENT_TYPE: request.headers["content-type"] ?? "",
          CONTENT_LENGTH: String(body.length),
          REMOTE_ADDR: "127.0.0.1",
        },
        stdio: ["pipe", "pipe", "inherit"],
      });
      const pieces = [];
      backend.on("error", reject);
      backend.stdout.on("data", (piece) => pieces.push(piece));
      backend.on("close", () => {
        send(response, Buffer.concat(pieces));
        resolve();
      });
      backend.stdin.on("error", () => {});
      backend.stdin.end(body);
    });
}

/** Sends what a CGI program has written. */
function send(response, output) {
  const end = output.indexOf("\r\n\r\n");
  const headers = {};
  for (const line of output.subarray(0, end).toString().split("\r\n")) {
    const [name, ...value] = line.split(": ");
    headers[name.toLowerCase()] = value.join(": ");
  }
  const status = Number.parseInt(headers.status ?? "200", 10);
  delete headers.status;
  response.writeHead(status, headers);
  response.end(output.subarray(end + 4));
}
