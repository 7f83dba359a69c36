import tables from "virtual:tables/it";
import texts from "../../../texts/it.json";
import { speak } from "../common/i18n";

speak(texts, tables);
