// What the page asks of the server over HTTP, with errors that can be shown.

export class ServerProblem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function ask(path, { token, tenantId, body } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (tenantId) headers["X-Tenant-Id"] = tenantId;
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

// Asks as a visitor of one demo business, whose token anybody may have.
class Visitor {
  constructor(agentId) {
    this.agentId = agentId;
    this.until = 0;
  }

  async ask(path, body) {
    try {
      return await ask(path, { token: await this.#token(), body });
    } catch (error) {
      if (error.status !== 401) throw error;
      this.until = 0;
      return ask(path, { token: await this.#token(), body });
    }
  }

  passage(chunkId) {
    return ask(`/demo/agents/${this.agentId}/passages/${chunkId}`);
  }

  async #token() {
    if (this.until > Date.now()) return this.token;
    const { access_token: token, expires_in: seconds } = await ask("/demo/token", { body: { agent_id: this.agentId } });
    this.until = Date.now() + (seconds - 60) * 1000;
    this.token = token;
    return token;
  }
}

// The demo's agents. An agent's `source` asks the server as somebody who may call it.
export async function listAgents() {
  const found = await ask("/demo/agents");
  return found.map((one) => ({ ...one, source: new Visitor(one.agent_id) }));
}

export const ticketFor = async (agent) => (await agent.source.ask("/voice/tickets", { agent_id: agent.agent_id })).ticket;

export function chat(agent, message, conversationId) {
  const body = { agent_id: agent.agent_id, message };
  if (conversationId) body.conversation_id = conversationId;
  return agent.source.ask("/chat/message", body);
}

export const passageOf = (agent, chunkId) => agent.source.passage(chunkId);
