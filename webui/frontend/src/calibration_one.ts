// One calibration: its frozen pictures with what was measured drawn over them.

import { drawMarks } from "./calibration/marks";
import type { Drawing } from "./calibration/protocol";

for (const figure of document.querySelectorAll<HTMLElement>(".cal-evidence")) {
  const canvas = figure.querySelector("canvas")!;
  const picture = new Image();
  picture.onload = () => {
    const context = canvas.getContext("2d")!;
    context.drawImage(picture, 0, 0);
    drawMarks(context, JSON.parse(figure.dataset["drawing"]!) as Drawing, canvas.width / Math.max(1, canvas.clientWidth), null);
    canvas.dataset["drawn"] = "true";
  };
  picture.src = canvas.dataset["src"]!;
}
