import tables from "virtual:tables/fr";
import texts from "../../../texts/fr.json";
import { speak } from "../common/i18n";

speak(texts, tables);
