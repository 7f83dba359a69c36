// Requests to the station's own JSON interface.

import { t } from "./i18n";

/** What went wrong and what the operator can do, as the station said it. */
export class ApiFault extends Error {
  constructor(
    message: string,
    readonly remedy: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** POST to /api/v1; throws ApiFault with words for the operator. */
export function post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  return ask<Answer>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
}

/** PUT, PATCH, POST or DELETE to /api/v1; throws ApiFault with words for the operator. */
export function send<Answer>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: unknown): Promise<Answer> {
  return ask<Answer>(path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
}

/** GET from /api/v1; throws ApiFault with words for the operator. */
export function get<Answer>(path: string): Promise<Answer> {
  return ask<Answer>(path, {});
}

/** GET of what is no JSON from /api/v1; throws ApiFault with words for the operator. */
export async function getBytes(path: string): Promise<ArrayBuffer> {
  const response = await reach(path, {});
  return response.ok ? response.arrayBuffer() : understood(response);
}

async function ask<Answer>(path: string, request: RequestInit): Promise<Answer> {
  return understood<Answer>(await reach(path, request));
}

async function reach(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/v1/${path}`, request);
  } catch {
    throw new ApiFault(t("errors.unreachable.message"), t("errors.unreachable.remedy"), 0);
  }
}

async function understood<Answer>(response: Response): Promise<Answer> {
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer as Answer;
  const fault = (answer as { error?: { message: string; remedy: string } }).error;
  throw new ApiFault(fault?.message ?? t("toast.failed"), fault?.remedy ?? "", response.status);
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}
