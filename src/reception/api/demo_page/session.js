// Who is signed in, and the agents that they may call. Nothing is kept beyond the page: reloading it signs out.

import { ServerProblem, ask } from "./server.js";

const MOST_TENANTS = 100;

export class Session {
  static async begin(email, password) {
    return new Session(await ask("/auth/login", { body: { email, password } }));
  }

  constructor(signedIn) {
    this.#take(signedIn);
  }

  // Of every business but the demo's, which the page shows to everybody. `knownIds` are the agents it shows already.
  async agents(knownIds) {
    const { tenant_id: own } = await this.ask("/auth/me");
    const tenants = own ? [{ id: null }] : (await this.ask(`/tenants?limit=${MOST_TENANTS}`)).items;
    const found = await Promise.all(tenants.map((tenant) => this.#agentsOf(tenant)));
    return found.flat().filter((one) => !knownIds.has(one.agent_id));
  }

  async ask(path, { tenantId, body } = {}) {
    try {
      return await ask(path, { token: this.token, tenantId, body });
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.#renew();
      return ask(path, { token: this.token, tenantId, body });
    }
  }

  async #agentsOf({ id: tenantId, name }) {
    const agents = [];
    let cursor = "";
    do {
      const page = await this.ask(`/agents?limit=200&cursor=${cursor}`, { tenantId });
      agents.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return agents.map((agent) => ({
      agent_id: agent.id,
      name: agent.name,
      blurb: name ?? "Your own",
      source: {
        ask: (path, body) => this.ask(path, { tenantId, body }),
        passage: (chunkId) => this.ask(`/knowledge/passages/${chunkId}`, { tenantId }),
      },
    }));
  }

  // A refresh token is good once: whoever needs a new one meanwhile waits for the same answer.
  #renew() {
    this.renewing ??= ask("/auth/refresh", { body: { refresh_token: this.refreshToken } })
      .then((signedIn) => this.#take(signedIn))
      .catch((error) => {
        throw error.status === 401 ? new ServerProblem(401, "You have been signed out: reload the page and sign in again.") : error;
      })
      .finally(() => {
        this.renewing = null;
      });
    return this.renewing;
  }

  #take({ access_token: token, refresh_token: refreshToken }) {
    this.token = token;
    this.refreshToken = refreshToken;
  }
}
