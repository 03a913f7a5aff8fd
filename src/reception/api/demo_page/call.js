// One call over the socket: audio out, audio in, and every event handed on.

import { CallAudio } from "./audio.js";
import { ticketFor } from "./server.js";

const REASONS = {
  4400: "The server did not accept the call.",
  4401: "The call's permission had expired. Please call again.",
  4404: "That front desk is no longer there. Reload the page.",
  1006: "The connection was lost.",
  1009: "The connection was closed: a message was too large.",
  1012: "The server is restarting. Please call again in a moment.",
  1013: "All lines are busy. Please call again in a moment.",
};

// The connection broke, the server failed or restarts, or its lines are busy: the call may still be taken up again.
const MAY_COME_BACK = new Set([1006, 1011, 1012, 1013]);
const FAULT = "error";
const RECONNECT_AFTER_MS = [300, 2000, 8000];
const TYPING_EVERY_MS = 1000;

// Dispatches "message" (the server's event), "mic" and "played" (levels), "cleared" (position), "reconnecting", and
// "over" with {problem, kind, reason}, once.
export class VoiceCall extends EventTarget {
  constructor(agent, { microphone }) {
    super();
    this.agent = agent;
    this.wantsMicrophone = microphone;
    this.played = 0;
    this.over = false;
    this.problem = "";
    this.reason = "";
    this.conversationId = null;
    this.seq = -1;
    this.attempts = 0;
    this.typedAt = -Infinity;
  }

  async place() {
    try {
      this.audio = await CallAudio.open(
        {
          onFrame: (frame) => this.live && this.socket.bufferedAmount < 256000 && this.socket.send(frame),
          onMicLevel: (level) => this.#tell("mic", { level }),
          onPlayed: (position, level, idle) => {
            this.played = position;
            this.#tell("played", { position, level, idle });
          },
          onMark: (name) => this.#send({ type: "mark", name }),
          onCleared: (position) => this.#tell("cleared", { position }),
        },
        { microphone: this.wantsMicrophone },
      );
      if (this.over) {
        this.audio.close();
        return;
      }
      const ticket = await ticketFor(this.agent);
      if (this.over) return;
      this.#connect(ticket);
    } catch (error) {
      this.#finish(error.message, error.kind ?? "server");
    }
  }

  get live() {
    return this.ready && this.socket?.readyState === WebSocket.OPEN;
  }

  get queued() {
    return this.audio?.queued ?? 0;
  }

  get rate() {
    return this.audio.rate;
  }

  #connect(ticket) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/voice/stream`, [`ticket.${ticket}`]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () =>
      this.#send({
        type: "start",
        agent_id: this.agent.agent_id,
        audio: { encoding: "pcm_s16le", sample_rate: Math.round(this.rate) },
        caller: { locale: navigator.language },
        ...(this.conversationId && { conversation_id: this.conversationId, resume_after_seq: this.seq }),
      });
    this.socket.onmessage = ({ data }) => this.#take(data);
    this.socket.onclose = ({ code, reason }) => {
      const failed = this.reason === FAULT || (!this.reason && MAY_COME_BACK.has(code));
      if (failed && this.conversationId && !this.hungUp && this.#retry()) return;
      const expected = this.hungUp || (!failed && (this.reason || code === 1000));
      this.#giveUp(expected ? "" : this.problem || reason || REASONS[code] || "The connection was lost.");
    };
  }

  #giveUp(problem) {
    const lost = problem && this.attempts > 0;
    this.#finish(lost ? `The call was lost and could not be taken up again. ${problem}` : problem, "connection");
  }

  #retry() {
    if (this.attempts >= RECONNECT_AFTER_MS.length) return false;
    this.ready = false;
    this.reason = "";
    this.problem = "";
    this.audio.clear();
    this.#tell("reconnecting", {});
    setTimeout(() => this.#reconnect(), RECONNECT_AFTER_MS[this.attempts]);
    this.attempts += 1;
    return true;
  }

  async #reconnect() {
    try {
      const ticket = this.over ? null : await ticketFor(this.agent);
      if (!this.over) this.#connect(ticket);
    } catch (error) {
      if (!this.over && !this.#retry()) this.#giveUp(error.message);
    }
  }

  #take(data) {
    if (data instanceof ArrayBuffer) {
      this.audio.play(data);
      return;
    }
    const message = JSON.parse(data);
    this.seq = Math.max(this.seq, message.seq);
    if (message.type === "audio") {
      const bytes = Uint8Array.from(atob(message.data), (character) => character.charCodeAt(0));
      this.audio.play(bytes.buffer);
      return;
    }
    if (message.type === "mark") this.audio.mark(message.name);
    if (message.type === "clear") this.audio.clear();
    if (message.type === "ready") {
      this.ready = true;
      this.conversationId = message.conversation_id;
    }
    // Not at "ready": a call that fails again as soon as it is taken up is not to be taken up for ever.
    if (message.type === "turn_metrics" && !message.missed) this.attempts = 0;
    if (message.type === "ended") this.reason = message.reason;
    if (message.type === "error" && message.fatal) this.problem = message.message;
    this.#tell("message", message);
  }

  type(text) {
    this.#send({ type: "text", text });
  }

  // Tell, now and then, that something is being written.
  typing() {
    const now = performance.now();
    if (!this.live || now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    this.#send({ type: "typing" });
  }

  mute(muted) {
    this.audio.muted = muted;
  }

  hangUp() {
    this.hungUp = true;
    this.#send({ type: "stop" });
    const { socket } = this;
    if (!socket || socket.readyState > WebSocket.OPEN) this.#finish("", "");
    else setTimeout(() => socket.close(1000), 600);
    this.audio?.clear();
  }

  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #tell(type, detail) {
    if (!this.over) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #finish(problem, kind) {
    if (this.over) return;
    this.#tell("over", { problem, kind, reason: this.reason });
    this.over = true;
    this.audio?.close();
  }
}
