// What the page asks of the server over HTTP, with errors that can be shown.

export class ServerProblem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, { token, body } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ServerProblem(0, "The server cannot be reached. Is it still running?");
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new ServerProblem(response.status, problem.detail || problem.title || `The server answered ${response.status}.`);
}

const tokens = new Map();

async function tokenFor(agentId) {
  const known = tokens.get(agentId);
  if (known && known.until > Date.now()) return known.value;
  const { access_token: value, expires_in: seconds } = await ask("/demo/token", { body: { agent_id: agentId } });
  tokens.set(agentId, { value, until: Date.now() + (seconds - 60) * 1000 });
  return value;
}

async function askAs(agentId, path, body) {
  try {
    return await ask(path, { token: await tokenFor(agentId), body });
  } catch (error) {
    if (error.status !== 401) throw error;
    tokens.delete(agentId);
    return ask(path, { token: await tokenFor(agentId), body });
  }
}

export const listAgents = () => ask("/demo/agents");

export const ticketFor = async (agentId) => (await askAs(agentId, "/voice/tickets", { agent_id: agentId })).ticket;

export function chat(agentId, message, conversationId) {
  const body = { agent_id: agentId, message };
  if (conversationId) body.conversation_id = conversationId;
  return askAs(agentId, "/chat/message", body);
}

export const passageOf = (agentId, chunkId) => ask(`/demo/agents/${agentId}/passages/${chunkId}`);
