"""Names that only a template, a JSON document, a file format or another library reads: the whitelist of vulture."""

# ruff: noqa: B018, F821

# Fields that a page's template or the TypeScript reads.
_.finger_plots, _.comments, _.sub_pattern, _.physician_pattern, _.finger_rows, _.has_edits, _.trends
_.one_time_code, _.identity_problem, _.must_choose_password, _.csrf_token, _.needs_no_calibration, _.previous_state
_.known_um, _.undecided, _.looks_like, _.exam_revision, _.next_finding_id, _.head_seq, _.head_hash, _.is_per_image
_.finished_exam_id, _.discarded_exam_id, _.calibration_problem, _.journal_entries, _.has_thumbnail
_.booted, _.meridians, _.parallels, _.r, _.VIEWER
_.validated_by_name, _.overlay_stale_ms, _.picture_stale_ms, _.capture_keys, _.undo_keys, _.pattern_advice_of

# Fields of a file that the box writes for people and other programs, or a table that it reads.
_.visibility, _.rss_growth_mb, _.station_cores, _.built_at, _.made_with, _.made_at, _.frame_sizes, _.has_known_scale

# What a measurement carries beside its value, and members of closed sets that are complete by the field's definition.
_.scatter_px, _.origin_px, _.NON_SPECIFIC, _.VENOUS, _.VERBOSE, _.DESCRIPTION_PATH

# Called or set by pytest, http.server, pynetdicom, the interpreter's tracing and the CUDA driver's table.
_.pytestmark, _.do_GET, _.log_message, _.require_called_aet, _.require_calling_aet, _.f_trace_opcodes
_._cuInit, _._cuDriverGetVersion, _._cuDeviceGet, _._cuDeviceGetName, _._cuDeviceGetAttribute
_.wiring, _.add_on_one_line

# Members of the fleet's messages: part of their schemas, read by the other side of the broker.
_.SUCCEEDED, _.TIMED_OUT, _.CANCELLED, _.supersedes, _.expires_at, _.desired_version, _.sbom, _.temperatures_c
_.is_throttled, _.disk_free_mb, _.clock_is_synchronised, _.VOILUTFunction

# Elements of DICOM data sets, which pydicom writes.
(
    _.EstimatedRadiographicMagnificationFactor,
    _.PixelAspectRatio,
    _.ImagerPixelSpacing,
    _.NominalScannedPixelSpacing,
    _.PixelMeasuresSequence,
    _.SharedFunctionalGroupsSequence,
)
_.AccessionNumber, _.AcquisitionContextSequence, _.AcquisitionDate, _.AcquisitionDateTime, _.AcquisitionTime
_.BitsAllocated, _.BitsStored, _.BodyPartExamined, _.CodeMeaning, _.CodingSchemeIdentificationSequence
_.CodingSchemeName, _.CodingSchemeResponsibleOrganization, _.CodingSchemeUID, _.CodingSchemeVersion
_.ContentDate, _.ContentTime, _.DeidentificationMethod, _.HighBit, _.ImageType, _.ImplementationClassUID
_.ManufacturerModelName, _.MediaStorageSOPClassUID, _.MediaStorageSOPInstanceUID, _.NumberOfFrames
_.OtherPatientIDsSequence, _.PatientOrientation, _.PatientSex, _.PixelRepresentation, _.PlanarConfiguration
_.ReferringPhysicianName, _.RescaleIntercept, _.RescaleSlope, _.SamplesPerPixel, _.SeriesNumber
_.SoftwareVersions, _.SpecificCharacterSet, _.StudyDate, _.StudyDescription, _.StudyID, _.StudyTime
_.TimezoneOffsetFromUTC, _.TransferSyntaxUID, _.TypeOfPatientID

# MQTT properties, which paho writes.
(
    _.ContentType,
    _.MessageExpiryInterval,
    _.PayloadFormatIndicator,
    _.ReceiveMaximum,
    _.SessionExpiryInterval,
    _.WillDelayInterval,
)

# jetson-utils asks a camera for it.
_.IsStreaming

# Set on an image of Pillow, which resolves its colours by it.
_.palette

# Set on objects of python-tuf.
_.snapshot_meta, _.reference_time

# What the templates of the fleet's console read.
_.since_utc, _.state_at_utc, _.heard_at_utc, _.not_in_force, _.missing_results, _.is_time_doubtful

# Set on a member of a tar file, which Python's tarfile writes.
_.pax_headers, _.linkname
# Taken from os in the machine that loses its power.
_.fdatasync
