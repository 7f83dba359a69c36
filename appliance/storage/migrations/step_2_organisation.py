"""Patients, folders, collections, and what the exam itself gained: protocol, operator, skipped placements, archive."""

_NEW_UUID = """lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE patients (
        number INTEGER PRIMARY KEY,
        patient_id TEXT NOT NULL UNIQUE,
        pseudonym TEXT NOT NULL UNIQUE COLLATE NOCASE,
        created_at TEXT NOT NULL,
        latest_at TEXT NOT NULL,
        sealed_identity BLOB
    ) STRICT""",
    # Lists show who was there last first: by this index, not by looking at every exam.
    "CREATE INDEX patients_by_latest ON patients (latest_at, number)",
    f"""INSERT OR IGNORE INTO patients (patient_id, pseudonym, created_at, latest_at)
        SELECT {_NEW_UUID}, patient_pseudonym, min(started_at), max(started_at)
        FROM exams GROUP BY patient_pseudonym ORDER BY number""",
    # Two spellings of one pseudonym, told apart only by case, are one patient from now on.
    """UPDATE exams SET patient_pseudonym =
        (SELECT pseudonym FROM patients WHERE pseudonym = exams.patient_pseudonym COLLATE NOCASE)""",
    """CREATE TABLE folders (
        number INTEGER PRIMARY KEY,
        folder_id TEXT NOT NULL UNIQUE,
        parent_id TEXT REFERENCES folders (folder_id),
        name TEXT NOT NULL CHECK (name <> ''),
        note TEXT NOT NULL DEFAULT '',
        is_archived INTEGER NOT NULL DEFAULT 0 CHECK (is_archived IN (0, 1))
    ) STRICT""",
    "ALTER TABLE exams ADD COLUMN protocol TEXT NOT NULL DEFAULT 'free'",
    "ALTER TABLE exams ADD COLUMN operator TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE exams ADD COLUMN folder_id TEXT REFERENCES folders (folder_id)",
    "ALTER TABLE exams ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0 CHECK (is_archived IN (0, 1))",
    """ALTER TABLE images ADD COLUMN kind TEXT NOT NULL DEFAULT 'still'
        CHECK (kind IN ('still', 'panorama', 'clip'))""",
    """CREATE TABLE skipped (
        number INTEGER PRIMARY KEY,
        exam_id TEXT NOT NULL REFERENCES exams (exam_id),
        hand TEXT NOT NULL,
        finger TEXT NOT NULL,
        sector TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (reason <> ''),
        UNIQUE (exam_id, hand, finger, sector)
    ) STRICT""",
    # Lists of patients and folders count their exams in these indexes alone.
    "CREATE INDEX exams_of_patient ON exams (patient_pseudonym, is_archived, state, started_at)",
    "CREATE INDEX exams_of_folder ON exams (folder_id, is_archived)",
    "CREATE INDEX exams_by_time ON exams (started_at)",
    # Counts and searches by finger read this alone: the rows themselves are long for their documents.
    "CREATE INDEX images_by_place ON images (exam_id, is_removed, hand, finger, sector, kind)",
    """CREATE TABLE collections (
        number INTEGER PRIMARY KEY,
        collection_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL CHECK (name <> ''),
        note TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL,
        is_archived INTEGER NOT NULL DEFAULT 0 CHECK (is_archived IN (0, 1))
    ) STRICT""",
    """CREATE TABLE collected_images (
        number INTEGER PRIMARY KEY,
        collection_id TEXT NOT NULL REFERENCES collections (collection_id),
        image_id TEXT NOT NULL REFERENCES images (image_id),
        UNIQUE (collection_id, image_id)
    ) STRICT""",
)
