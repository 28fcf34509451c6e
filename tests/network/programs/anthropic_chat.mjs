// Asks a model by Anthropic's SDK, whole and streamed, as its documentation says.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const question = {
  model: "model-of-the-tests",
  max_tokens: 64,
  messages: [{ role: "user", content: "say hello" }],
};
try {
  if (process.argv.includes("whole")) {
    console.log((await client.messages.create(question)).content[0].text);
  }
  if (process.argv.includes("streamed")) {
    for await (const event of client.messages.stream(question)) {
      if (event.type === "content_block_delta") process.stdout.write(`${event.delta.text}|`);
    }
  }
} catch (error) {
  if (!(error instanceof Anthropic.PermissionDeniedError)) throw error;
  console.log("refused:", error.message);
}
