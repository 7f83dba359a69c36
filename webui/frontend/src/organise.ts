// Lists, patients, projects and collections: search as you type, and changes that can be taken back instead of asked about.

import { collections } from "./organise/collections";
import { chosenExams } from "./organise/chosen";
import { examPlace } from "./organise/exam_place";
import { patients } from "./organise/patients";
import { projects } from "./organise/projects";
import { search } from "./organise/search";
import { showPending } from "./organise/undoable";

showPending();
search();
chosenExams();
examPlace();
patients();
projects();
collections();
