// The microphone and the loudspeaker of a call, both in one AudioContext.

const WANTED_RATE = 24000;

export class AudioProblem extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const REFUSALS = {
  NotAllowedError: "The browser was not allowed to use the microphone. Allow it in the address bar and call again, or type instead.",
  NotFoundError: "No microphone was found. Plug one in, or type instead.",
  NotReadableError: "The microphone is in use by another program. Close that one, or type instead.",
};

async function openMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new AudioProblem("insecure", "Browsers give the microphone to https:// and localhost pages only. You can still type.");
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw new AudioProblem("microphone", REFUSALS[error.name] ?? `The microphone could not be opened: ${error.message}`);
  }
}

// Firefox connects a microphone only to a context of the device's own rate, so the wanted rate is a wish.
function openContext(stream) {
  const wanted = new AudioContext({ sampleRate: WANTED_RATE, latencyHint: "interactive" });
  if (!stream) return { context: wanted, source: null };
  try {
    return { context: wanted, source: wanted.createMediaStreamSource(stream) };
  } catch {
    wanted.close();
    const own = new AudioContext({ latencyHint: "interactive" });
    return { context: own, source: own.createMediaStreamSource(stream) };
  }
}

export class CallAudio {
  // `hooks`: onFrame(ArrayBuffer), onMicLevel(0..1), onPlayed(position, level 0..1, idle), onMark(name), onCleared(position)
  static async open(hooks, { microphone = true } = {}) {
    const stream = microphone ? await openMicrophone() : null;
    const { context, source } = openContext(stream);
    try {
      await Promise.all([
        context.audioWorklet.addModule("mic-worklet.js"),
        context.audioWorklet.addModule("speaker-worklet.js"),
        context.resume(),
      ]);
    } catch (error) {
      stream?.getTracks().forEach((track) => track.stop());
      await context.close();
      throw new AudioProblem("audio", `Sound could not be started: ${error.message}`);
    }
    return new CallAudio(context, stream, source, hooks);
  }

  constructor(context, stream, source, hooks) {
    this.context = context;
    this.stream = stream;
    this.queued = 0;
    this.microphone = new AudioWorkletNode(context, "microphone", { numberOfInputs: 1, numberOfOutputs: 1 });
    this.speaker = new AudioWorkletNode(context, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    this.microphone.port.onmessage = ({ data }) => {
      hooks.onFrame(data.frame);
      hooks.onMicLevel(data.peak);
    };
    this.speaker.port.onmessage = ({ data }) => this.#report(data, hooks);
    source?.connect(this.microphone);
    // A worklet runs only while it leads somewhere; this output is silent.
    this.microphone.connect(context.destination);
    this.speaker.connect(context.destination);
  }

  get rate() {
    return this.context.sampleRate;
  }

  get hasMicrophone() {
    return this.stream !== null;
  }

  #report(data, hooks) {
    if (data.mark !== undefined) {
      const onItsWay = ((this.context.outputLatency || 0) + (this.context.baseLatency || 0)) * 1000;
      setTimeout(() => hooks.onMark(data.mark), onItsWay);
    } else if (data.cleared) {
      hooks.onCleared(data.at);
    } else {
      hooks.onPlayed(data.played, data.peak, data.idle);
    }
  }

  play(buffer) {
    this.queued += buffer.byteLength / 2;
    this.speaker.port.postMessage({ audio: buffer }, [buffer]);
  }

  mark(name) {
    this.speaker.port.postMessage({ mark: name });
  }

  clear() {
    this.speaker.port.postMessage({ clear: true });
  }

  set muted(muted) {
    this.microphone.port.postMessage({ muted });
  }

  async close() {
    this.microphone.port.postMessage({ close: true });
    this.speaker.port.postMessage({ close: true });
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context.state !== "closed") await this.context.close();
  }
}
