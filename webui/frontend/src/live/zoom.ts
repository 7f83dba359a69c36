// What part of the live picture is seen.

export interface Window {
  /** Times the fitted size. */
  zoom: number;
  /** Top left corner in pixels of the picture. */
  x: number;
  y: number;
}

export const WHOLE: Window = { zoom: 1, x: 0, y: 0 };
const CLOSEST = 6;

/** The window after a step of zoom about a point of the picture, which stays where it is on the screen. */
export function zoomed(window: Window, factor: number, [atX, atY]: [number, number], width: number, height: number): Window {
  const zoom = Math.min(CLOSEST, Math.max(1, window.zoom * factor));
  const kept = window.zoom / zoom;
  return within({ zoom, x: atX - (atX - window.x) * kept, y: atY - (atY - window.y) * kept }, width, height);
}

/** Moved by a way on the picture, never beyond its edges. */
export function moved(window: Window, dx: number, dy: number, width: number, height: number): Window {
  return within({ ...window, x: window.x + dx, y: window.y + dy }, width, height);
}

function within({ zoom, x, y }: Window, width: number, height: number): Window {
  const [mostX, mostY] = [width - width / zoom, height - height / zoom];
  return { zoom, x: Math.min(mostX, Math.max(0, x)), y: Math.min(mostY, Math.max(0, y)) };
}
