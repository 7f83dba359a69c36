// An encrypted copy on its way to the station, which then looks into it.

import { need } from "./common/dom";
import { t } from "./common/i18n";
import { toastFault } from "./common/toast";
import { upload } from "./import/upload";

const form = need<HTMLFormElement>("#restore-file");
const progress = need<HTMLProgressElement>("#restore-progress");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});

async function send(): Promise<void> {
  const file = need<HTMLInputElement>("#restore-choice").files?.[0];
  if (!file) return;
  const button = need<HTMLButtonElement>("#restore-send");
  button.disabled = true;
  button.textContent = t("backups.arriving");
  progress.hidden = false;
  try {
    const { upload_id } = await upload<{ upload_id: string }>("backups/uploads", file, (share) => (progress.value = share));
    need<HTMLInputElement>("#restore-upload").value = upload_id;
    form.submit();
  } catch (fault) {
    toastFault(fault);
    button.disabled = false;
    button.textContent = t("backups.look");
    progress.hidden = true;
  }
}
