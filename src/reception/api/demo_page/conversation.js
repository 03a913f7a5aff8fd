// The transcript: what each side says, as it is said. The agent's words appear in step with their sound.

import { actionCard } from "./cards.js";
import { citedSentence } from "./sources.js";
import { latencyChip } from "./timing.js";

const CHARACTERS_PER_SECOND = 15;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function wordsOf(text) {
  return text.split(/(?<=\s)/).map((word) => element("span", "word", word));
}

export class Conversation {
  constructor(list, announcer) {
    this.list = list;
    this.announcer = announcer;
    this.agent = null;
    this.reset();
  }

  reset() {
    this.list.replaceChildren();
    this.entries = new Map();
    this.sentences = [];
    this.typed = null;
    this.rate = 24000;
  }

  #append(node) {
    const stuck = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 120;
    this.list.querySelector(".welcome")?.remove();
    this.list.append(node);
    if (stuck) this.#follow();
    return node;
  }

  #follow() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  #entry(who, turn) {
    const key = `${who}:${turn}`;
    const known = this.entries.get(key);
    if (known && (who === "caller" || known === this.list.lastElementChild || !this.#callerAfter(known))) return known;
    const entry = element("article", `entry ${who}`);
    entry.append(element("h3", "visually-hidden", who === "caller" ? "You" : "Front desk"), element("p", "bubble"));
    this.entries.set(key, entry);
    return this.#append(entry);
  }

  #callerAfter(entry) {
    for (let node = entry.nextElementSibling; node; node = node.nextElementSibling) {
      if (node.classList.contains("caller") && !node.classList.contains("partial")) return true;
    }
    return false;
  }

  // Words that were still being heard when something else took their turn will not be finished.
  #dropUnfinished(turn = Infinity) {
    for (const [key, entry] of this.entries) {
      if (!key.startsWith("caller:") || !entry.classList.contains("partial")) continue;
      if (Number(key.slice("caller:".length)) > turn) continue;
      entry.remove();
      this.entries.delete(key);
    }
  }

  callerTyped(text) {
    this.#dropUnfinished();
    const entry = this.#append(element("article", "entry caller"));
    entry.append(element("h3", "visually-hidden", "You"), element("p", "bubble", text));
    this.typed = { entry, text };
    this.#follow();
  }

  callerSaid(turn, text, final) {
    if (this.typed && final && this.typed.text === text) {
      this.#dropUnfinished(turn);
      this.entries.set(`caller:${turn}`, this.typed.entry);
      this.typed = null;
      return;
    }
    if (!text) {
      const empty = this.entries.get(`caller:${turn}`);
      if (final && empty?.classList.contains("partial")) empty.remove();
      return;
    }
    const entry = this.#entry("caller", turn);
    entry.classList.toggle("partial", !final);
    entry.querySelector(".bubble").textContent = text;
    this.#follow();
  }

  // What the agent says from here on is a new entry, whatever its turn.
  reconnected() {
    for (const key of this.entries.keys()) if (key.startsWith("agent:")) this.entries.delete(key);
    this.note("The connection broke and is back.");
  }

  // `position` is how much audio had been queued when the sentence was announced: its own audio comes next.
  agentSays(turn, text, citations, position) {
    this.#finishSentence(position);
    const entry = this.#entry("agent", turn);
    const words = wordsOf(`${text} `);
    entry.querySelector(".bubble").append(citedSentence(entry, this.agent, words, citations));
    this.#cite(entry, citations);
    this.sentences.push({ turn, text, words, shown: 0, starts: position, ends: null });
    this.announcer.textContent = text;
    this.#follow();
  }

  agentWrote(turn, sentences) {
    const entry = this.#entry("agent", turn);
    for (const { text, citations } of sentences) {
      entry.querySelector(".bubble").append(citedSentence(entry, this.agent, [`${text} `], citations));
      this.#cite(entry, citations);
    }
    this.announcer.textContent = sentences.map((sentence) => sentence.text).join(" ");
    this.#follow();
  }

  #cite(entry, citations) {
    const names = [...new Set((citations ?? []).map((citation) => citation.document).filter(Boolean))];
    if (!names.length) return;
    const line = entry.querySelector(".sources") ?? entry.appendChild(element("p", "sources", ""));
    const known = line.textContent.replace(/^From: /, "").split(", ").filter(Boolean);
    line.textContent = `From: ${[...new Set([...known, ...names])].join(", ")}`;
  }

  #finishSentence(position) {
    const last = this.sentences.at(-1);
    if (last && last.ends === null) last.ends = position;
  }

  markQueued(position) {
    this.#finishSentence(position);
  }

  played(position) {
    for (const sentence of this.sentences) {
      if (position <= sentence.starts) break;
      const length = sentence.ends === null ? Infinity : Math.max(1, sentence.ends - sentence.starts);
      const guess = Math.min(0.92, (position - sentence.starts) / ((sentence.text.length / CHARACTERS_PER_SECOND) * this.rate));
      const share = length === Infinity ? guess : Math.min(1, (position - sentence.starts) / length);
      this.#show(sentence, share);
    }
  }

  #show(sentence, share) {
    const limit = share * sentence.text.length;
    let reached = 0;
    let count = 0;
    while (count < sentence.words.length && reached <= limit && share > 0) {
      reached += sentence.words[count].textContent.length;
      count += 1;
    }
    for (; sentence.shown < count; sentence.shown += 1) sentence.words[sentence.shown].classList.add("spoken");
  }

  // Playback was cut at `position`. Should the agent take up again where it was, the dropped audio comes once more.
  cleared(position, queued) {
    for (const sentence of this.sentences) {
      if (sentence.ends !== null && sentence.ends <= position) continue;
      sentence.starts = sentence.starts >= position ? queued : sentence.starts + (queued - position);
      sentence.ends = null;
    }
  }

  // Once a turn: as soon as its reply can be heard.
  turnAnswered(metrics) {
    const entry = this.entries.get(`agent:${metrics.turn}`);
    const chip = latencyChip(metrics);
    if (entry && chip && !entry.querySelector(":scope > .chip")) {
      entry.append(chip);
      this.#follow();
    }
  }

  turnEnded(metrics) {
    for (const sentence of this.sentences.filter((one) => one.turn === metrics.turn)) {
      if (metrics.interrupted) sentence.words.slice(sentence.shown).forEach((word) => word.classList.add("unheard"));
      else this.#show(sentence, 1);
    }
    this.sentences = this.sentences.filter((one) => one.turn !== metrics.turn);
    this.turnAnswered(metrics);
  }

  acted(name, data) {
    this.#append(actionCard(name, data));
    this.#follow();
  }

  over(text) {
    for (const sentence of this.sentences) {
      sentence.words.slice(sentence.shown).forEach((word) => word.classList.add("unheard"));
    }
    this.sentences = [];
    this.list.querySelectorAll(".entry.partial").forEach((entry) => entry.classList.remove("partial"));
    this.note(text);
  }

  note(text) {
    this.#append(element("p", "note", text));
    this.#follow();
  }
}
