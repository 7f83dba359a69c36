import texts from "../../../texts/it.json";
import { speak } from "../common/i18n";

speak(texts, "it");
