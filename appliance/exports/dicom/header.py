"""The attributes that every DICOM object of an exam shares: patient, study, equipment."""

from datetime import datetime, timezone

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from appliance.domain.errors import ExportError
from appliance.domain.exam import Finger, Hand
from appliance.domain.patient import Sex
from appliance.exports.codes import (
    DICOM_LOCAL_SCHEME,
    FINGER_SNOMED,
    LOCAL_NAME,
    LOCAL_SYSTEM_OID,
    LOCAL_VERSION,
    SIDE_SNOMED,
    oid,
    own_uuid,
)
from appliance.exports.dicom.uids import study_uid
from appliance.exports.source import ExamToExport

MANUFACTURER = "nailfold"
IMPLEMENTATION_CLASS_UID = oid(own_uuid("dicom implementation"))
_LONGEST = 64
"""Characters of the value representations LO and PN (PS3.5, 6.2)."""

_SEX = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O"}


def new_dataset(source: ExamToExport, sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A dataset with file meta information, patient, study and equipment; times are UTC and say so."""
    dataset = Dataset()
    dataset.file_meta = file_meta(sop_class_uid, sop_instance_uid)
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = sop_instance_uid
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.CodingSchemeIdentificationSequence = [_local_scheme()]
    _add_patient(dataset, source)
    started = source.exam.started_at_utc
    dataset.StudyInstanceUID = study_uid(source.exam.exam_id)
    dataset.StudyDate, dataset.StudyTime = date(started), time(started)
    dataset.StudyDescription = "Nailfold capillaroscopy"
    dataset.StudyID = source.exam.exam_id[-12:]
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.Manufacturer = MANUFACTURER
    dataset.SoftwareVersions = source.software_version
    return dataset


def file_meta(sop_class_uid: str, sop_instance_uid: str) -> FileMetaDataset:
    """Of an uncompressed object: every PACS reads it, and no pixel is lost."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class_uid
    meta.MediaStorageSOPInstanceUID = sop_instance_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    return meta


def concept(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning[:64]
    if scheme == DICOM_LOCAL_SCHEME:
        item.CodingSchemeVersion = LOCAL_VERSION
    return item


def anatomic_region(hand: Hand, finger: Finger) -> Dataset:
    """The finger with its side as modifier, both in SNOMED CT."""
    code, meaning = FINGER_SNOMED[finger]
    region = concept(code, "SCT", meaning)
    region.AnatomicRegionModifierSequence = [concept(SIDE_SNOMED[hand][0], "SCT", SIDE_SNOMED[hand][1])]
    return region


def date(moment: datetime) -> str:
    """DA in UTC."""
    return moment.astimezone(timezone.utc).strftime("%Y%m%d")


def time(moment: datetime) -> str:
    """TM in UTC with microseconds."""
    return moment.astimezone(timezone.utc).strftime("%H%M%S.%f")


def _add_patient(dataset: Dataset, source: ExamToExport) -> None:
    who = source.identity
    pseudonym = source.exam.patient_pseudonym
    dataset.PatientID = fitting_id(pseudonym)
    dataset.PatientName = person_name(pseudonym if who is None else who.name)
    dataset.PatientBirthDate = "" if who is None or who.birth_date is None else f"{who.birth_date:%Y%m%d}"
    dataset.PatientSex = "" if who is None or who.sex is None else _SEX.get(who.sex, "")
    dataset.PatientIdentityRemoved = "YES" if who is None else "NO"
    if who is None:
        dataset.DeidentificationMethod = "never entered: the box exports pseudonyms"
    elif who.clinic_number:
        other = Dataset()
        other.PatientID, other.TypeOfPatientID = fitting_id(who.clinic_number), "TEXT"
        dataset.OtherPatientIDsSequence = [other]


def person_name(name: str) -> str:
    """PN of "Family, Given"; a name without a comma is one component, and its caret says that this is meant."""
    plain = name.replace("\\", "/").replace("^", " ").replace("=", " ")
    family, _, given = plain.partition(",")
    return _plain(f"{family.strip()}^{given.strip()}")[:_LONGEST].rstrip()


def fitting_id(value: str) -> str:
    """LO of an identifier, without the backslash that would split it in two.

    Raises:
        ExportError: it is too long; cut, two patients could become one.
    """
    plain = _plain(value.replace("\\", "/"))
    if len(plain) > _LONGEST:
        raise ExportError(f"the patient's number {plain[:20]}... has over {_LONGEST} characters", "Shorten it.")
    return plain


def _plain(text: str) -> str:
    return "".join(one for one in text if one.isprintable())


def _local_scheme() -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator = DICOM_LOCAL_SCHEME
    item.CodingSchemeUID = LOCAL_SYSTEM_OID
    item.CodingSchemeName = LOCAL_NAME
    item.CodingSchemeVersion = LOCAL_VERSION
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    return item
