// The course of a patient's figures: four plots that share one mark, by pointer and by keyboard, and a table.

import { get } from "./common/api";
import { need } from "./common/dom";
import { t } from "./common/i18n";
import { toastFault } from "./common/toast";
import { TrendPlot } from "./trends/plot";
import type { Group, Trends } from "./trends/protocol";
import { fillTable, linkTo } from "./trends/table";
import { changeWords, groupName, stateWords, title, valueWords } from "./trends/words";

const section = need("#trends");
const choice = need<HTMLSelectElement>("#trend-group");
const plots = need("#trend-plots");
const table = need<HTMLTableElement>("#trend-table");

interface Shown {
  plot: TrendPlot;
  readout: HTMLElement;
}

class Course {
  private shown: Shown[] = [];
  private at: number;

  constructor(private readonly trends: Trends) {
    this.at = trends.exams.length - 1;
  }

  show(group: Group): void {
    this.shown.forEach(({ plot }) => plot.destroy());
    plots.replaceChildren();
    this.shown = group.series.map((series) => {
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      caption.textContent = title(series);
      caption.id = `trend-${series.key}`;
      const host = document.createElement("div");
      host.className = "trend-plot";
      host.tabIndex = 0;
      host.setAttribute("role", "group");
      host.setAttribute("aria-labelledby", caption.id);
      host.setAttribute("aria-describedby", "trend-help");
      const readout = document.createElement("p");
      readout.className = "trend-readout";
      figure.append(caption, host, readout);
      plots.append(figure);
      host.addEventListener("keydown", (event) => this.key(event));
      // Only the plot that is worked with speaks; all four follow it.
      host.addEventListener("focus", () => readout.setAttribute("aria-live", "polite"));
      host.addEventListener("blur", () => readout.removeAttribute("aria-live"));
      return { plot: new TrendPlot(host, this.trends.exams, series, (at) => this.mark(at)), readout };
    });
    fillTable(table, this.trends.exams, group);
    this.mark(this.at, true);
  }

  recolour(): void {
    this.shown.forEach(({ plot }) => plot.recolour());
  }

  private mark(at: number, isNew = false): void {
    if (at === this.at && !isNew) return;
    this.at = at;
    for (const { plot, readout } of this.shown) {
      plot.mark(at);
      this.say(plot, readout);
    }
  }

  private say(plot: TrendPlot, readout: HTMLElement): void {
    const exam = this.trends.exams[this.at]!;
    const point = plot.points[this.at]!;
    const value = document.createElement("strong");
    value.textContent = valueWords(plot.series, point);
    const state = document.createElement("span");
    state.textContent = stateWords(exam);
    const change = document.createElement("small");
    change.textContent = changeWords(this.trends.exams, plot.series, point);
    change.dataset["significant"] = String(point?.change?.is_significant ?? false);
    readout.replaceChildren(linkTo(exam), " ", value, " ", state, change);
  }

  private key(event: KeyboardEvent): void {
    const last = this.trends.exams.length - 1;
    const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter") window.location.assign(linkTo(this.trends.exams[this.at]!).href);
    if (to === undefined) return;
    event.preventDefault();
    this.mark(Math.min(last, Math.max(0, to)));
  }
}

async function start(): Promise<void> {
  const trends = await get<Trends>(`patients/${section.dataset["patient"]}/trends`);
  if (trends.exams.length < 2) {
    need("#trend-few").hidden = false;
    return;
  }
  trends.groups.forEach((group, index) => choice.add(new Option(groupName(group), String(index))));
  need("#trend-body").hidden = false;
  need("#trend-choice").hidden = false;
  const course = new Course(trends);
  course.show(trends.groups[0]!);
  choice.addEventListener("change", () => course.show(trends.groups[Number(choice.value)]!));
  new MutationObserver(() => course.recolour()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  section.dataset["drawn"] = "true";
}

try {
  await start();
} catch (fault) {
  need("#trend-few").hidden = false;
  need("#trend-few").textContent = t("trends.failed");
  toastFault(fault);
}
