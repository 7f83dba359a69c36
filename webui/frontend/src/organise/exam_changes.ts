// Filing and archiving of exams, each with its undo.

import { t } from "../common/i18n";
import { change } from "./undoable";

export function file(examIds: string[], folderId: string | null, where: string): Promise<void> {
  const folder_ids = Object.fromEntries(examIds.map((examId) => [examId, folderId]));
  return change<{ before: Record<string, string | null> }>({ method: "POST", path: "exams/file", body: { folder_ids } }, ({ before }) => ({
    message: t("organise.done.filed", { where }),
    undo: [{ method: "POST", path: "exams/file", body: { folder_ids: before } }],
  }));
}

export function archive(examIds: string[], isArchived: boolean): Promise<void> {
  const body = { exam_ids: examIds, is_archived: isArchived };
  return change<{ exam_ids: string[] }>({ method: "POST", path: "exams/archive", body }, ({ exam_ids }) => ({
    message: t(isArchived ? "organise.done.archived" : "organise.done.unarchived"),
    undo: exam_ids.length === 0 ? [] : [{ method: "POST", path: "exams/archive", body: { exam_ids, is_archived: !isArchived } }],
  }));
}
