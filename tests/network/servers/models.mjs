// The APIs of two vendors of models, as far as their SDKs go for one short answer, whole or streamed.

const WORDS = ["hello", " from", " the", " model"];

export function models(request, response, body) {
  const routes = { "/v1/chat/completions": openai, "/v1/messages": anthropic };
  const route = routes[request.url.split("?")[0]];
  if (route === undefined || request.method !== "POST") {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"error": {"message": "no such route"}}');
    return;
  }
  const asked = JSON.parse(body);
  const answer = route(asked);
  if (!asked.stream) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.whole));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  send(response, answer.events);
}

/** Sends events one after the other, as they would come from a model. */
function send(response, events) {
  const [first, ...rest] = events;
  if (first === undefined) return response.end();
  response.write(first);
  setTimeout(() => send(response, rest), 50);
}

function openai(asked) {
  const base = { id: "chatcmpl-1", created: 1700000000, model: asked.model };
  const chunk = (delta, finish_reason = null) => ({
    ...base,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  const message = { role: "assistant", content: WORDS.join(""), refusal: null };
  const chunks = [...WORDS.map((content) => chunk({ content })), chunk({}, "stop")];
  return {
    whole: {
      ...base,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop", logprobs: null }],
      usage: { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 },
    },
    events: [...chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`), "data: [DONE]\n\n"],
  };
}

function anthropic(asked) {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: asked.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 0 },
  };
  const delta = (text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });
  const ending = { stop_reason: "end_turn", stop_sequence: null };
  const events = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...WORDS.map(delta),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: ending, usage: { output_tokens: 4 } },
    { type: "message_stop" },
  ];
  return {
    whole: {
      ...message,
      ...ending,
      content: [{ type: "text", text: WORDS.join("") }],
      usage: { input_tokens: 1, output_tokens: 4 },
    },
    events: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
  };
}
