// Plays a clip picture by picture: at its own speed, or step by step to watch the blood flow.

import { type MotionJpeg, parseAvi } from "./avi";
import { need, setAttribute, setText } from "./dom";
import { figure, t } from "./i18n";

class ClipPlayer {
  private readonly canvas: HTMLCanvasElement;
  private readonly position: HTMLInputElement;
  private clip: Promise<MotionJpeg> | null = null;
  private at = 0;
  private playing = 0;

  constructor(private readonly root: HTMLElement) {
    this.canvas = need<HTMLCanvasElement>("canvas", root);
    this.position = need<HTMLInputElement>("[data-position]", root);
    need("[data-play]", root).addEventListener("click", () => void this.toggle());
    this.position.addEventListener("input", () => void this.stepTo(Number(this.position.value)));
    for (const button of root.querySelectorAll<HTMLElement>("[data-step]")) {
      button.addEventListener("click", () => void this.stepTo(this.at + Number(button.dataset["step"])));
    }
    const poster = new Image();
    poster.addEventListener("load", () => this.draw(poster, poster.naturalWidth, poster.naturalHeight));
    poster.src = this.canvas.dataset["poster"]!;
  }

  /** Fetched when it is first asked for: an exam's page may hold many clips of tens of megabytes. */
  private load(): Promise<MotionJpeg> {
    this.clip ??= fetch(this.root.dataset["clip"]!)
      .then((response) => response.arrayBuffer())
      .then((file) => {
        const clip = parseAvi(file);
        this.position.max = String(clip.pictures.length - 1);
        return clip;
      });
    return this.clip;
  }

  private async toggle(): Promise<void> {
    if (this.playing) {
      this.stop();
      return;
    }
    const clip = await this.load();
    if (this.at >= clip.pictures.length - 1) this.at = 0;
    const began = performance.now() - (this.at * 1000) / clip.framesPerSecond;
    this.show(true);
    const next = async () => {
      const due = Math.floor(((performance.now() - began) * clip.framesPerSecond) / 1000);
      if (due >= clip.pictures.length) return this.stop();
      if (due !== this.at) await this.picture(due);
      if (this.playing) this.playing = requestAnimationFrame(() => void next());
    };
    this.playing = requestAnimationFrame(() => void next());
  }

  private stop(): void {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.show(false);
  }

  private async stepTo(at: number): Promise<void> {
    this.stop();
    const clip = await this.load();
    await this.picture(Math.min(Math.max(at, 0), clip.pictures.length - 1));
  }

  private async picture(at: number): Promise<void> {
    const clip = await this.load();
    const bitmap = await createImageBitmap(clip.pictures[at]!);
    this.at = at;
    this.draw(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    this.position.value = String(at);
    setText(need("[data-time]", this.root), `${figure(at / clip.framesPerSecond, 1)} s`);
    setAttribute(this.root, "data-at", String(at));
  }

  private draw(picture: CanvasImageSource, width: number, height: number): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.getContext("2d")!.drawImage(picture, 0, 0);
  }

  private show(isPlaying: boolean): void {
    const button = need("[data-play]", this.root);
    setAttribute(button, "aria-label", t(isPlaying ? "clip.pause" : "clip.play"));
    setAttribute(need("use", button), "href", isPlaying ? "#i-freeze" : "#i-live");
  }
}

export function wireClips(): void {
  for (const root of document.querySelectorAll<HTMLElement>("[data-clip]")) new ClipPlayer(root);
}
