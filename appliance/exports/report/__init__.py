"""The report of an exam: a summary, a page a finger, the course over earlier exams, and where every number is from."""
