// The page itself: whom to call, the call, and typing with or without one.

import { VoiceCall } from "./call.js";
import { Conversation } from "./conversation.js";
import { Scope } from "./scope.js";
import { chat, listAgents } from "./server.js";
import { Session } from "./session.js";
import { Timing } from "./timing.js";

const at = (id) => document.getElementById(id);
const welcome = at("welcome");
const conversation = new Conversation(at("conversation"), at("announcer"));
const scope = new Scope(at("scope"));
const timing = new Timing({
  figure: at("timing-figure"),
  note: at("timing-note"),
  bars: at("timing-bars"),
  stages: at("timing-stages"),
});

const STATUS = {
  idle: "Ready",
  dialing: "Calling…",
  reconnecting: "Reconnecting…",
  listening: "Listening",
  hearing: "Hearing you",
  thinking: "Thinking",
  speaking: "Speaking",
  writing: "Writing",
};
const ENDINGS = {
  hung_up: "You hung up.",
  stopped_by_caller: "You hung up.",
  client_gone: "The connection was lost.",
  taken_over: "The call goes on elsewhere.",
};

let agents = [];
let agent = null;
let call = null;
let chatId = null;
let callBegan = 0;
let clock = 0;

function monogram(name) {
  return name.split(/\s+/).filter((word) => /^[A-Z]/.test(word)).slice(0, 2).map((word) => word[0]).join("");
}

function setStatus(state) {
  at("status").dataset.state = state;
  at("status").textContent = STATUS[state];
}

function notify(text, { retryWithoutMicrophone = false } = {}) {
  const notice = at("notice");
  notice.hidden = !text;
  notice.replaceChildren(text);
  if (retryWithoutMicrophone) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button plain small";
    button.textContent = "Call without a microphone";
    button.addEventListener("click", () => startCall({ microphone: false }));
    notice.append(" ", button);
  }
}

function showCards() {
  at("cards").replaceChildren(
    ...agents.map((one, index) => {
      const label = document.createElement("label");
      label.className = "choice";
      label.dataset.hue = String(index % 3);
      const radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: "agent", value: one.agent_id, className: "visually-hidden" });
      Object.assign(radio, { checked: one === agent, disabled: Boolean(call) });
      radio.addEventListener("change", () => choose(one));
      const letter = document.createElement("span");
      letter.className = "monogram";
      letter.setAttribute("aria-hidden", "true");
      letter.textContent = monogram(one.name);
      const text = document.createElement("span");
      text.className = "choice-text";
      const name = document.createElement("strong");
      name.textContent = one.name;
      const blurb = document.createElement("span");
      blurb.textContent = one.blurb;
      text.append(name, blurb);
      label.append(radio, letter, text);
      return label;
    }),
  );
}

function choose(one) {
  if (call) return;
  agent = one;
  chatId = null;
  const index = agents.indexOf(one);
  document.querySelectorAll(".choice input").forEach((radio) => {
    radio.checked = radio.value === one.agent_id;
  });
  at("phone-title").textContent = one.name;
  at("phone-monogram").textContent = monogram(one.name);
  document.querySelector(".phone").dataset.hue = String(index % 3);
  conversation.reset();
  conversation.agent = one;
  at("conversation").append(welcome);
  timing.reset();
  notify("");
  at("samples-section").hidden = !one.sample_questions?.length;
  at("samples").replaceChildren(
    ...(one.sample_questions ?? []).map((question) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "sample", textContent: question });
      button.addEventListener("click", () => say(question));
      item.append(button);
      return item;
    }),
  );
  for (const id of ["call", "typed", "send"]) at(id).disabled = false;
}

function showCall(live) {
  at("call").hidden = live;
  at("hangup").hidden = !live;
  at("mute").hidden = !live || !call?.wantsMicrophone;
  at("timer").hidden = !live;
  at("mute").setAttribute("aria-pressed", "false");
  at("mute").textContent = "Mute";
  document.body.classList.toggle("in-call", live);
  document.querySelectorAll(".choice input").forEach((radio) => {
    radio.disabled = live;
  });
}

function tickTimer() {
  const seconds = Math.floor((performance.now() - callBegan) / 1000);
  at("timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function onMessage({ detail: message }) {
  switch (message.type) {
    case "ready":
      if (message.resumed) {
        conversation.reconnected();
        setStatus("listening");
        break;
      }
      callBegan = performance.now();
      clock = setInterval(tickTimer, 500);
      conversation.rate = call.rate;
      scope.start();
      setStatus("listening");
      break;
    case "speech":
      setStatus(message.state === "started" ? "hearing" : "thinking");
      break;
    case "transcript":
      conversation.callerSaid(message.turn, message.text, message.final);
      break;
    case "reply":
      // Its audio was lost; the front desk says again what matters of it.
      if (message.missed) break;
      conversation.agentSays(message.turn, message.text, message.citations, call.queued);
      break;
    case "mark":
      conversation.markQueued(call.queued);
      break;
    case "action":
      conversation.acted(message.name, message.data);
      break;
    case "turn_latency":
      conversation.turnAnswered(message);
      break;
    case "turn_metrics":
      conversation.turnEnded(message);
      timing.add(message);
      break;
    case "error":
      if (!message.fatal) notify(message.message);
      break;
    default:
  }
}

function onPlayed({ detail: { position, level, idle } }) {
  conversation.played(position);
  scope.hear("agent", level);
  const { state } = at("status").dataset;
  if (!idle && level > 0.01 && state !== "speaking") setStatus("speaking");
  else if (idle && state === "speaking") setStatus("listening");
}

function onOver({ detail: { problem, kind, reason } }) {
  clearInterval(clock);
  scope.stop();
  setStatus("idle");
  const placed = call.conversationId;
  call = null;
  showCall(false);
  if (problem) notify(problem, { retryWithoutMicrophone: kind === "microphone" || kind === "insecure" });
  if (placed) conversation.over(problem ? "The call broke off." : (ENDINGS[reason] ?? "The call has ended."));
}

async function startCall({ microphone = true } = {}) {
  if (call || !agent) return;
  notify("");
  chatId = null;
  conversation.reset();
  timing.reset();
  setStatus("dialing");
  call = new VoiceCall(agent, { microphone });
  call.addEventListener("message", onMessage);
  call.addEventListener("played", onPlayed);
  call.addEventListener("cleared", ({ detail }) => conversation.cleared(detail.position, call.queued));
  call.addEventListener("mic", ({ detail }) => scope.hear("caller", detail.level));
  call.addEventListener("reconnecting", () => setStatus("reconnecting"));
  call.addEventListener("over", onOver);
  showCall(true);
  tickTimer();
  await call.place();
}

async function say(text) {
  if (!agent || !text) return;
  conversation.callerTyped(text);
  if (call) {
    if (call.live) {
      call.type(text);
      setStatus("thinking");
    }
    return;
  }
  notify("");
  setStatus("writing");
  at("send").disabled = true;
  try {
    const reply = await chat(agent, text, chatId);
    chatId = reply.ended ? null : reply.conversation_id;
    conversation.agentWrote(`${reply.conversation_id}/${reply.turn}`, reply.sentences);
    reply.actions.forEach((action) => conversation.acted(action.name, action.data));
    if (reply.ended) conversation.note("The conversation has ended. Write again to start another.");
  } catch (error) {
    notify(error.message);
  } finally {
    at("send").disabled = false;
    if (!call) setStatus("idle");
  }
}

at("call").addEventListener("click", () => startCall());
at("hangup").addEventListener("click", () => call?.hangUp());
at("mute").addEventListener("click", ({ currentTarget: button }) => {
  const muted = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(muted));
  button.textContent = muted ? "Unmute" : "Mute";
  call?.mute(muted);
});
at("typed").addEventListener("input", () => call?.typing());
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("typed").value.trim();
  at("typed").value = "";
  say(text);
});
document.querySelector(".own").addEventListener("toggle", ({ currentTarget: own }) => own.open && own.scrollIntoView({ block: "end" }));
at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const note = at("own-note");
  at("sign-in-button").disabled = true;
  note.textContent = "Signing in…";
  try {
    const session = await Session.begin(form.elements.email.value, form.elements.password.value);
    const own = await session.agents(new Set(agents.map((one) => one.agent_id)));
    form.reset();
    agents = [...own, ...agents];
    showCards();
    if (own.length && !call) choose(own[0]);
    at("sign-in").hidden = own.length > 0;
    note.textContent = own.length
      ? "Your own are at the top of the list. Reloading the page signs you out."
      : "There is no agent of your own yet: make one, then sign in again.";
  } catch (error) {
    note.textContent = error.message;
  } finally {
    at("sign-in-button").disabled = false;
  }
});
addEventListener("pagehide", () => call?.hangUp());

try {
  agents = await listAgents();
  showCards();
  if (agents.length) choose(agents[0]);
  else at("cards").textContent = "This server has no demo businesses.";
} catch (error) {
  at("cards").replaceChildren();
  notify(error.message);
}
