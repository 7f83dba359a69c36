import tables from "virtual:tables/de";
import texts from "../../../texts/de.json";
import { speak } from "../common/i18n";

speak(texts, tables);
