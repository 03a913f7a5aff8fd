// Turns the microphone into frames of 16-bit samples. Runs without an input as well and sends silence then, because
// the far end counts time in audio received.
const FRAME_MS = 20;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.size = Math.round((sampleRate * FRAME_MS) / 1000);
    this.frame = new Int16Array(this.size);
    this.filled = 0;
    this.peak = 0;
    this.muted = false;
    this.closed = false;
    this.port.onmessage = ({ data }) => {
      if ("muted" in data) this.muted = data.muted;
      if (data.close) this.closed = true;
    };
  }

  process(inputs) {
    const channel = this.muted ? undefined : inputs[0][0];
    const count = channel ? channel.length : 128;
    for (let i = 0; i < count; i += 1) {
      const sample = channel ? Math.max(-1, Math.min(1, channel[i])) : 0;
      this.peak = Math.max(this.peak, Math.abs(sample));
      this.frame[this.filled] = sample < 0 ? sample * 32768 : sample * 32767;
      this.filled += 1;
      if (this.filled === this.size) this.flush();
    }
    return !this.closed;
  }

  flush() {
    const { buffer } = this.frame;
    this.port.postMessage({ frame: buffer, peak: this.peak }, [buffer]);
    this.frame = new Int16Array(this.size);
    this.filled = 0;
    this.peak = 0;
  }
}

registerProcessor("microphone", Microphone);
