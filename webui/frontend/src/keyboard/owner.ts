// Which part of the page a key belongs to.

/** An open dialog has every key, whatever has the focus: nothing behind it may hear them. */
export function isBehindDialog(page: ParentNode = document): boolean {
  return page.querySelector("dialog[open]") !== null;
}

const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select";
const MOVED_BY_ARROWS = "input[type=radio], input[type=range], [role=tab]";
const PRESSED = "button:focus-visible, a:focus-visible, summary:focus-visible, input[type=checkbox]:focus-visible";

/** Whether the key is that of what has the focus: a field's, a pressed button's, the arrows of a choice. */
export function isTakenByFocus(press: { key: string; ctrlKey: boolean }, focused: Element | null): boolean {
  if (!focused) return false;
  if (focused.matches(TYPED_INTO)) return press.key !== "Escape";
  if (press.key.startsWith("Arrow")) return focused.matches(MOVED_BY_ARROWS);
  const isPressed = press.key === " " || press.key === "Enter";
  return isPressed && !press.ctrlKey && focused.matches(PRESSED);
}
