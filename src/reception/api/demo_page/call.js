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

// Dispatches "message" (the server's event), "mic" and "played" (levels), "cleared" (position), and "over" with
// {problem, kind, reason}, once.
export class VoiceCall extends EventTarget {
  constructor(agentId, { microphone }) {
    super();
    this.agentId = agentId;
    this.wantsMicrophone = microphone;
    this.played = 0;
    this.over = false;
    this.problem = "";
    this.reason = "";
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
      const ticket = await ticketFor(this.agentId);
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
        agent_id: this.agentId,
        audio: { encoding: "pcm_s16le", sample_rate: Math.round(this.rate) },
        caller: { locale: navigator.language },
      });
    this.socket.onmessage = ({ data }) => this.#take(data);
    this.socket.onclose = ({ code, reason }) => {
      const expected = this.reason || this.hungUp || code === 1000;
      this.#finish(expected ? "" : reason || REASONS[code] || "The connection was lost.", "connection");
    };
  }

  #take(data) {
    if (data instanceof ArrayBuffer) {
      this.audio.play(data);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "audio") {
      const bytes = Uint8Array.from(atob(message.data), (character) => character.charCodeAt(0));
      this.audio.play(bytes.buffer);
      return;
    }
    if (message.type === "mark") this.audio.mark(message.name);
    if (message.type === "clear") this.audio.clear();
    if (message.type === "ready") this.ready = true;
    if (message.type === "ended") this.reason = message.reason;
    if (message.type === "error" && message.fatal) this.problem = message.message;
    this.#tell("message", message);
  }

  type(text) {
    this.#send({ type: "text", text });
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
    this.#tell("over", { problem: this.problem || problem, kind, reason: this.reason });
    this.over = true;
    this.audio?.close();
  }
}
