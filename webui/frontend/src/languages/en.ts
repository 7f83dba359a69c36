import texts from "../../../texts/en.json";
import { speak } from "../common/i18n";

speak(texts, "en");
