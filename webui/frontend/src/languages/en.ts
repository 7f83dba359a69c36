import tables from "virtual:tables/en";
import texts from "../../../texts/en.json";
import { speak } from "../common/i18n";

speak(texts, tables);
