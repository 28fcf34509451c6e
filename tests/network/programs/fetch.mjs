// Prints status and text of the answers to some requests, by fetch and by HTTP/2.
import http2 from "node:http2";

for (const url of process.argv.slice(2)) {
  const answer = await fetch(url);
  console.log("fetch", answer.status, await answer.text());
  if (url.startsWith("https:")) console.log("http2", ...(await overHttp2(new URL(url))));
}

async function overHttp2(url) {
  const session = http2.connect(url.origin);
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":path": url.pathname });
      let status;
      let text = "";
      stream.setEncoding("utf8");
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("data", (piece) => (text += piece));
      stream.on("error", reject);
      stream.on("end", () => resolve([status, text]));
      stream.end();
    });
  } finally {
    session.close();
  }
}
