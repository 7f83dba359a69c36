// Motion JPEG in AVI, as the station writes it (appliance/exam/motion_jpeg.py).

export interface MotionJpeg {
  framesPerSecond: number;
  pictures: Blob[];
}

/** The pictures of a clip; throws where the file is no AVI. */
export function parseAvi(file: ArrayBuffer): MotionJpeg {
  const view = new DataView(file);
  if (file.byteLength < 12 || name(view, 0) !== "RIFF" || name(view, 8) !== "AVI ") throw new Error("not an AVI file");
  const found: MotionJpeg = { framesPerSecond: 0, pictures: [] };
  walk(view, 12, file.byteLength, (chunk, begin, size) => {
    if (chunk === "strh") found.framesPerSecond = view.getUint32(begin + 24, true) / view.getUint32(begin + 20, true);
    if (chunk === "00dc") found.pictures.push(new Blob([new Uint8Array(file, begin, size)], { type: "image/jpeg" }));
  });
  return found;
}

function walk(view: DataView, begin: number, end: number, visit: (chunk: string, begin: number, size: number) => void): void {
  let at = begin;
  while (at + 8 <= end) {
    const size = view.getUint32(at + 4, true);
    if (name(view, at) === "LIST") walk(view, at + 12, Math.min(at + 8 + size, end), visit);
    else if (at + 8 + size <= end) visit(name(view, at), at + 8, size);
    at += 8 + size + (size % 2);
  }
}

function name(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
