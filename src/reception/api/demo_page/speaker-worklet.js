// Plays what is queued, sample after sample, and says how far it has come. Positions count samples queued since the
// call began; what `clear` drops counts as passed, so that positions never run backwards.
const REPORT_EVERY = 8;

class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.offset = 0;
    this.marks = [];
    this.queued = 0;
    this.played = 0;
    this.peak = 0;
    this.blocks = 0;
    this.closed = false;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(data) {
    if (data.audio) {
      const samples = new Int16Array(data.audio);
      this.queue.push(samples);
      this.queued += samples.length;
    } else if (data.mark !== undefined) {
      this.marks.push({ name: data.mark, at: this.queued });
      this.reach();
    } else if (data.clear) {
      this.port.postMessage({ cleared: true, at: this.played });
      this.queue = [];
      this.offset = 0;
      this.marks = [];
      this.played = this.queued;
    } else if (data.close) {
      this.closed = true;
    }
  }

  reach() {
    while (this.marks.length && this.marks[0].at <= this.played) {
      this.port.postMessage({ mark: this.marks.shift().name });
    }
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    let filled = 0;
    while (filled < out.length && this.queue.length) {
      const head = this.queue[0];
      const count = Math.min(out.length - filled, head.length - this.offset);
      for (let i = 0; i < count; i += 1) {
        const sample = head[this.offset + i] / 32768;
        out[filled + i] = sample;
        this.peak = Math.max(this.peak, Math.abs(sample));
      }
      filled += count;
      this.offset += count;
      if (this.offset === head.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    this.played += filled;
    this.reach();
    this.blocks += 1;
    if (this.blocks % REPORT_EVERY === 0) {
      this.port.postMessage({ played: this.played, peak: this.peak, idle: this.queue.length === 0 });
      this.peak = 0;
    }
    return !this.closed;
  }
}

registerProcessor("speaker", Speaker);
