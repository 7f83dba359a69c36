// The same numbers as the plots, as a table.

import { t } from "../common/i18n";
import { lineUp, type Group, type TrendExam } from "./protocol";
import { changeWords, day, stateWords, title, valueWords } from "./words";

export function fillTable(table: HTMLTableElement, exams: TrendExam[], group: Group): void {
  const rows = group.series.map((series) => ({ series, points: lineUp(exams, series) }));
  const head = row("th", [t("exams.started"), ...group.series.map(title), t("trends.state")]);
  head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
  const body = exams.map((exam, at) => {
    const line = document.createElement("tr");
    const date = cell("th", "", "");
    date.scope = "row";
    date.append(linkTo(exam));
    line.append(date);
    for (const { series, points } of rows) {
      line.append(cell("td", valueWords(series, points[at]!), changeWords(exams, series, points[at]!)));
    }
    line.append(cell("td", stateWords(exam), ""));
    return line;
  });
  table.tHead!.replaceChildren(head);
  table.tBodies[0]!.replaceChildren(...body.reverse());
}

export function linkTo(exam: TrendExam): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = `/exams/${exam.exam_id}`;
  link.textContent = day(exam.started_at_utc);
  return link;
}

function row(kind: "th" | "td", texts: string[]): HTMLTableRowElement {
  const line = document.createElement("tr");
  line.append(...texts.map((text) => cell(kind, text, "")));
  return line;
}

function cell(kind: "th" | "td", text: string, small: string): HTMLTableCellElement {
  const made = document.createElement(kind);
  made.textContent = text;
  if (small) {
    const note = document.createElement("small");
    note.textContent = small;
    made.append(note);
  }
  return made;
}
