// The layer "Vessels": what a network takes for blood, as lines over the still. The station computes it on request.

import type { Point } from "../common/analysis";
import { get } from "../common/api";

/** No class of finding has this colour, and no finding is drawn as a filled line. */
const COLOUR = "#d4ff4f";
const FILL = "rgba(212, 255, 79, 0.16)";
const CASING = "rgba(6, 10, 16, 0.55)";
const LINE_PX = 1.25;
const CASING_PX = 2.75;

export class Vessels {
  private readonly path = new Path2D();

  /** Closed lines in pixels of the picture, origin at the centre of the first one. */
  constructor(readonly outlines: readonly (readonly Point[])[]) {
    for (const line of outlines) {
      line.forEach(([x, y], at) => (at ? this.path.lineTo(x + 0.5, y + 0.5) : this.path.moveTo(x + 0.5, y + 0.5)));
      this.path.closePath();
    }
  }

  /** Draws them with the picture's corner at x, y; lines stay as thin as they are, however large the picture is. */
  draw(context: CanvasRenderingContext2D, x: number, y: number, zoom: number): void {
    context.save();
    context.translate(x, y);
    context.scale(zoom, zoom);
    context.setLineDash([]);
    context.lineJoin = "round";
    context.fillStyle = FILL;
    context.fill(this.path, "evenodd");
    for (const [width, colour] of [[CASING_PX, CASING], [LINE_PX, COLOUR]] as const) {
      context.lineWidth = width / zoom;
      context.strokeStyle = colour;
      context.stroke(this.path);
    }
    context.restore();
  }
}

/** The layer of a still; throws ApiFault with words for the operator. */
export async function fetchVessels(image: string): Promise<Vessels> {
  return new Vessels((await get<{ outlines: Point[][] }>(`${image}/vessels`)).outlines);
}
