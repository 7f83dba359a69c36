import tables from "virtual:tables/es";
import texts from "../../../texts/es.json";
import { speak } from "../common/i18n";

speak(texts, tables);
