// Files that the station makes, saved under the name that it gives them.

import { ApiFault, csrfToken } from "./api";
import { t } from "./i18n";

/** Fetches a file of /api/v1 and offers it to the browser; throws ApiFault with words for the operator. */
export async function download(path: string, body?: unknown): Promise<void> {
  const request: RequestInit =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
          body: JSON.stringify(body),
        };
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, request);
  } catch {
    throw new ApiFault(t("errors.unreachable.message"), t("errors.unreachable.remedy"), 0);
  }
  if (!answer.ok) {
    const found = (await answer.json().catch(() => ({}))) as { error?: { message: string; remedy: string } };
    throw new ApiFault(found.error?.message ?? t("toast.failed"), found.error?.remedy ?? "", answer.status);
  }
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement("a"), { href: address, download: nameOf(answer) });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function nameOf(answer: Response): string {
  return /filename="?([^";]+)"?/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "export";
}
