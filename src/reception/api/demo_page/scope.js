// Both voices of the last seconds: the front desk above the line, the caller below it.

const STEP_MS = 60;

export class Scope {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.history = [];
    this.agent = 0;
    this.caller = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.draw = this.draw.bind(this);
  }

  start() {
    this.history = [];
    this.since = performance.now();
    this.running = true;
    this.canvas.classList.add("on");
    requestAnimationFrame(this.draw);
  }

  stop() {
    this.running = false;
    this.canvas.classList.remove("on");
  }

  hear(who, level) {
    this[who] = Math.max(this[who], Math.sqrt(Math.min(1, level * 1.6)));
  }

  #advance(now) {
    while (now - this.since >= STEP_MS) {
      this.since += STEP_MS;
      this.history.push([this.agent, this.caller]);
      this.agent *= 0.55;
      this.caller *= 0.55;
    }
    this.history.splice(0, Math.max(0, this.history.length - 200));
  }

  draw(now) {
    if (!this.running) return;
    this.#advance(now);
    const scale = devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    const colours = getComputedStyle(this.canvas);
    const pen = this.context;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const bars = this.still.matches ? 1 : Math.floor(width / 5);
    const recent = this.history.slice(-bars);
    const step = this.still.matches ? width : 5;
    recent.forEach(([agent, caller], index) => {
      const x = width - (recent.length - index) * step;
      const middle = height / 2;
      pen.fillStyle = colours.getPropertyValue("--accent");
      pen.fillRect(x, middle - 1 - agent * (middle - 2), step - 2, 1 + agent * (middle - 2));
      pen.fillStyle = colours.getPropertyValue("--caller");
      pen.fillRect(x, middle + 1, step - 2, 1 + caller * (middle - 2));
    });
    requestAnimationFrame(this.draw);
  }
}
