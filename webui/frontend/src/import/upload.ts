// Files on their way to the station, with their progress.

import { ApiFault, csrfToken } from "../common/api";
import { t } from "../common/i18n";

/** POSTs a file as it is; XMLHttpRequest, for fetch tells nothing of what has left. */
export function upload<Answer>(path: string, file: Blob, onProgress: (share: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/${path}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("error", () =>
      reject(new ApiFault(t("errors.unreachable.message"), t("errors.unreachable.remedy"), 0)),
    );
    request.addEventListener("load", () => {
      const answer = request.response as Answer & { error?: { message: string; remedy: string } };
      if (request.status < 300) resolve(answer);
      else reject(new ApiFault(answer?.error?.message ?? t("toast.failed"), answer?.error?.remedy ?? "", request.status));
    });
    request.send(file);
  });
}

export interface Dropped {
  name: string;
  file: File;
}

/** Every file that was dropped, folders with their sub-folders; names carry the folders. */
export async function droppedFiles(items: DataTransferItemList): Promise<Dropped[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => filesBelow(entry)));
  return found.flat().filter((one) => !one.file.name.startsWith("."));
}

async function filesBelow(entry: FileSystemEntry): Promise<Dropped[]> {
  const name = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  // A reader hands out at most a hundred at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map((child) => filesBelow(child)))).flat();
}
