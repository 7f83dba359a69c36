// Renews what the page shows, without moving the reader or the keyboard's focus; says so when it cannot.
const main = document.getElementById("main");
const every = Number(main.dataset.renewEveryS) * 1000;

function keepFocus(replace) {
  const focused = document.activeElement;
  const href = main.contains(focused) ? focused.getAttribute("href") : null;
  replace();
  if (href !== null) main.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
}

// What somebody has opened stays open.
function keepOpen(replace) {
  const open = [...main.querySelectorAll("details[open]")].map((one) => one.id);
  replace();
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

// What somebody is typing or choosing is not taken away from under them.
const isBusy = () => document.activeElement.matches("main :is(input, select)");

async function renew() {
  if (isBusy()) return;
  try {
    const answer = await fetch(location.href);
    if (answer.redirected) {
      location.reload(); // the login has ended
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    keepOpen(() => keepFocus(() => main.replaceChildren(...page.getElementById("main").childNodes)));
  } catch {
    const stamp = main.querySelector(".as-of");
    stamp.classList.add("problem");
    stamp.textContent = stamp.dataset.lost;
  }
}

if (every > 0) setInterval(renew, every);
