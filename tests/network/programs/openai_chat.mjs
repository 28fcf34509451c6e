// Asks a model by OpenAI's SDK, whole and streamed, as its documentation says.
import OpenAI from "openai";

const client = new OpenAI();
const question = { model: "model-of-the-tests", messages: [{ role: "user", content: "say hello" }] };
try {
  if (process.argv.includes("whole")) {
    const answer = await client.chat.completions.create(question);
    console.log(answer.choices[0].message.content);
  }
  if (process.argv.includes("streamed")) {
    for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
      const text = chunk.choices[0].delta.content;
      process.stdout.write(text ? `${text}|` : "");
    }
  }
} catch (error) {
  if (!(error instanceof OpenAI.PermissionDeniedError)) throw error;
  console.log("refused:", error.message);
}
