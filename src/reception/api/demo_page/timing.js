// How soon the front desk answers: a chip under each reply, and the whole call beside it.

const STAGES = [
  ["endpointing_ms", "Waited until you had finished"],
  ["stt_ms", "Wrote down what you said"],
  ["understanding_ms", "Understood it"],
  ["retrieval_ms", "Looked it up"],
  ["llm_first_token_ms", "Language model"],
  ["tts_first_audio_ms", "Found its voice"],
];
const SLOWEST_MS = 1500;

const whole = (value) => `${Math.round(value)} ms`;

function gradeOf(ms) {
  if (ms < 500) return "swift";
  return ms < 900 ? "fair" : "slow";
}

export function latencyChip(metrics) {
  if (metrics.voice_to_voice_ms == null) return null;
  const details = document.createElement("details");
  details.className = `chip ${gradeOf(metrics.voice_to_voice_ms)}`;
  const summary = document.createElement("summary");
  summary.textContent = `answered in ${whole(metrics.voice_to_voice_ms)}`;
  const list = document.createElement("dl");
  for (const [field, label] of STAGES) {
    if (metrics[field] != null) list.append(pair(label, whole(metrics[field])));
  }
  details.append(summary, list);
  return details;
}

function pair(term, value) {
  const row = document.createElement("div");
  row.append(document.createElement("dt"), document.createElement("dd"));
  row.firstChild.textContent = term;
  row.lastChild.textContent = value;
  return row;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export class Timing {
  constructor({ figure, note, bars, stages }) {
    Object.assign(this, { figure, note, bars, stages });
    this.resting = note.textContent;
    this.reset();
  }

  reset() {
    this.turns = [];
    this.figure.textContent = "–";
    this.note.textContent = this.resting;
    this.bars.replaceChildren();
    this.stages.replaceChildren();
  }

  add(metrics) {
    const ms = metrics.voice_to_voice_ms;
    if (ms == null) return;
    this.turns.push(ms);
    this.figure.textContent = String(Math.round(median(this.turns)));
    const count = this.turns.length;
    this.note.textContent = `From your last word until the reply leaves the server: the middle of ${count} ${count === 1 ? "turn" : "turns"}.`;
    const bar = document.createElement("li");
    bar.className = gradeOf(ms);
    bar.style.setProperty("--share", String(Math.min(1, ms / SLOWEST_MS)));
    bar.title = whole(ms);
    const label = document.createElement("span");
    label.className = "visually-hidden";
    label.textContent = whole(ms);
    bar.append(label);
    this.bars.append(bar);
    this.#explain(metrics);
  }

  #explain(metrics) {
    const rows = STAGES.filter(([field]) => metrics[field] != null);
    const widest = Math.max(1, ...rows.map(([field]) => metrics[field]));
    this.stages.replaceChildren(
      ...rows.map(([field, label]) => {
        const row = pair(label, whole(metrics[field]));
        row.style.setProperty("--share", String(metrics[field] / widest));
        return row;
      }),
    );
  }
}
